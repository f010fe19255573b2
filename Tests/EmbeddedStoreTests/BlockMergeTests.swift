import ChunkCodec
import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Merging, compaction and what a crash leaves of it, against a dictionary.
@Suite struct BlockMergeTests {
    let folder: TemporaryFolder
    let cache = BlockLabelCache(byteLimit: 1 << 20)

    init() throws { folder = try TemporaryFolder() }

    private struct Stop: Error {}

    /// Blocks of one day with overlapping windows, ascending, and what they amount to.
    private struct Day {
        var blocks: [Block] = []
        var contents: [LabelSet: [Int64: Double]] = [:]
        var duplicates = 0
        var replaced = 0
        var events = 0

        var columns: [LabelSet: SampleColumns] {
            contents.mapValues { samples in
                let times = samples.keys.sorted()
                return SampleColumns(timestamps: times, values: times.map { samples[$0] ?? 0 })
            }
        }
    }

    private func day(using generator: inout SeededGenerator) throws -> Day {
        var day = Day()
        for through in Int64(1)...5 {
            let window = BlockFixture.day + Int64.random(in: 0..<12, using: &generator) * BlockTime.window
            let from = through == 2 ? BlockFixture.day : window
            let to = through == 2 ? BlockFixture.day + BlockTime.day : window + BlockTime.window
            let name = BlockName(from: from, to: to, through: through)
            var builder = try BlockBuilder(
                files: DiskFiles(), folder: folder.path, name: name,
                windowsThrough: through == 2
                    ? Dictionary(uniqueKeysWithValues: (0..<12).map { (from + $0 * BlockTime.window, 2) })
                    : [window: through], effort: .fast)
            for index in 0..<20 where Bool.random(using: &generator) {
                let labels = LabelSet(["__name__": "m", "i": "\(10 + index)"])
                var samples: [Int64: Double] = [:]
                for _ in 0..<Int.random(in: 1...200, using: &generator) {
                    // A raster, so that blocks meet at the same timestamps.
                    let time = from + Int64.random(in: 0..<(to - from) / 60_000, using: &generator) * 60_000
                    samples[time] = Double(Int.random(in: 0...2, using: &generator))
                }
                let times = samples.keys.sorted()
                try builder.add(
                    labels, SampleColumns(timestamps: times, values: times.map { samples[$0] ?? 0 }))
                for time in times {
                    if let known = day.contents[labels]?[time] {
                        if known == samples[time] { day.duplicates += 1 } else { day.replaced += 1 }
                    }
                    day.contents[labels, default: [:]][time] = samples[time]
                }
            }
            for index in 0..<through {
                let labels = LabelSet(["__name__": "m", "i": "\(10 + index)"])
                try builder.add(
                    OperationalEvent(timestamp: from + index, labels: labels, value: 0, message: "\(through)"))
                day.events += 1
            }
            try builder.finish()
            try builder.publish()
            day.blocks.append(
                try Block(files: DiskFiles(), folder: folder.path, name: name, cache: cache))
        }
        return day
    }

    private func candidates(_ blocks: [Block]) -> [CompactionPlan.Candidate] {
        blocks.map {
            CompactionPlan.Candidate(
                name: $0.name, windowsThrough: $0.windowsThrough, byteCount: $0.byteCount, knownSince: 0)
        }
    }

    private func job(_ day: Day) throws -> CompactionPlan.Job {
        try #require(CompactionPlan().nextJob(candidates(day.blocks), now: BlockFixture.day + 2 * BlockTime.day))
    }

    @Test(arguments: 0..<10) func mergingAgreesWithADictionary(_ round: Int) throws {
        var generator = SeededGenerator.seeded("mergingAgreesWithADictionary \(round)")
        for _ in 0..<round { _ = generator.next() }
        let day = try day(using: &generator)
        let job = try job(day)
        var steps = 0
        let (block, report) = try Compaction.run(
            job, inputs: day.blocks.shuffled(using: &generator), files: DiskFiles(), folder: folder.path, cache: cache,
            deletedThrough: 0, step: { _ in steps += 1 })
        try block.verify()
        #expect(try isSame(block.contents(), day.columns))
        #expect(report.duplicates == day.duplicates && report.replaced == day.replaced)
        #expect(report.samples == block.sampleCount && report.events == day.events)
        #expect(block.replaces == job.inputs.map(\.fileName))
        for window in 0..<12 {
            let start = BlockFixture.day + Int64(window) * BlockTime.window
            #expect(block.windowsThrough[start] == day.blocks.compactMap { $0.windowsThrough[start] }.max())
        }
        let events = try block.events(in: .all, limit: 1000) { _ in true }
        #expect(events.count == day.events)
    }

    @Test func whatACrashBetweenPublishingAndRemovingLeavesIsPutRight() throws {
        var generator = SeededGenerator.seeded("whatACrashBetweenPublishingAndRemovingLeavesIsPutRight")
        let day = try day(using: &generator)
        let job = try job(day)
        let result = try Compaction.run(
            job, inputs: day.blocks, files: DiskFiles(), folder: folder.path, cache: cache, deletedThrough: 0
        ).block.name
        // Some inputs are removed already, some not, and an unfinished file lies about.
        try DiskFiles().remove("\(folder.path)/\(job.inputs[0].fileName)")
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/0-7200000-9.sqlite.tmp"))
        for round in 0..<2 {
            let opened = try BlockFolder.open(files: DiskFiles(), folder: folder.path, cache: cache)
            #expect(opened.blocks.map(\.name) == [result])
            #expect(opened.damaged.isEmpty)
            #expect(opened.removed.count == (round == 0 ? job.inputs.count : 0))
            #expect(try isSame(opened.blocks[0].contents(), day.columns))
            #expect(try DiskFiles().names(in: folder.path) == [result.fileName])
        }
    }

    @Test func aMergeThatIsStoppedChangesNothing() throws {
        var generator = SeededGenerator.seeded("aMergeThatIsStoppedChangesNothing")
        let fixture = BlockFixture(seriesCount: 200, hours: 2, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let before = try DiskFiles().names(in: folder.path)
        let candidate = CompactionPlan.Candidate(
            name: block.name, windowsThrough: block.windowsThrough, byteCount: block.byteCount, knownSince: 0)
        let job = try #require(CompactionPlan().nextJob([candidate], now: fixture.to + 3 * BlockTime.day))
        #expect(throws: Stop.self) {
            try Compaction.run(
                job, inputs: [block], files: DiskFiles(), folder: folder.path, cache: cache, deletedThrough: 0,
                step: { progress in
                    #expect(progress.samples <= progress.totalSamples)
                    throw Stop()
                })
        }
        #expect(try DiskFiles().names(in: folder.path) == before)
    }

    @Test func damagedBlocksAreSetAsideAndTheRestIsServed() throws {
        var generator = SeededGenerator.seeded("damagedBlocksAreSetAsideAndTheRestIsServed")
        let day = try day(using: &generator)
        let names = day.blocks.map(\.name)
        let path = "\(folder.path)/\(names[2].fileName)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in 0..<100 { bytes[index] = 0 }
        try bytes.write(to: URL(fileURLWithPath: path))
        for round in 0..<2 {
            let opened = try BlockFolder.open(files: DiskFiles(), folder: folder.path, cache: cache)
            #expect(opened.blocks.map(\.name) == names.filter { $0 != names[2] }.sorted())
            #expect(opened.damaged.map(\.file) == (round == 0 ? [names[2].fileName] : []))
            #expect(DiskFiles().exists(path + BlockName.damagedSuffix))
        }
    }
}
