import ChunkCodec
import Foundation
import LabelPattern
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Deletes: on reading, in merges, and in the file that remembers them.
@Suite struct TombstoneTests {
    let folder: TemporaryFolder
    let cache = BlockLabelCache(byteLimit: 1 << 20)

    init() throws { folder = try TemporaryFolder() }

    private func tombstone(
        _ id: Int64, _ matchers: [LabelMatcher], from: Int64 = .min, through: Int64 = .max, offset: Int64 = 100
    ) -> Tombstone {
        Tombstone(
            id: id, createdAt: 0, matchers: matchers, range: TimeRange(from: from, through: through), offset: offset)
    }

    private func without(_ series: [LabelSet: SampleColumns], _ tombstones: [Tombstone]) -> [LabelSet: SampleColumns] {
        var left: [LabelSet: SampleColumns] = [:]
        for (labels, columns) in series {
            let kept = columns.timestamps.indices.filter { index in
                !tombstones.contains { $0.covers(labels, columns.timestamps[index]) }
            }
            if kept.isEmpty { continue }
            left[labels] = SampleColumns(
                timestamps: kept.map { columns.timestamps[$0] }, values: kept.map { columns.values[$0] })
        }
        return left
    }

    @Test(arguments: [2, 24] as [Int64]) func whatWasDeletedIsGoneForEveryReading(_ hours: Int64) throws {
        var generator = SeededGenerator.seeded("whatWasDeletedIsGoneForEveryReading \(hours)")
        let fixture = BlockFixture(seriesCount: 40, hours: hours, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let middle = fixture.from + Int64.random(in: 0..<hours * BlockTime.hour, using: &generator)
        let tombstones = [
            tombstone(1, [LabelMatcher("__name__", .equal("m1"))], from: middle, through: middle + 1_800_000),
            tombstone(2, [LabelMatcher("source", .matches(try LabelPattern("s1.*")))], through: middle),
            tombstone(3, [LabelMatcher("source", .equal("s2"))]),
            // These change nothing: made before what the block has came, and for other series.
            tombstone(4, [], offset: 6), tombstone(5, [LabelMatcher("source", .equal("nobody"))]),
        ]
        let expected = without(fixture.series, Array(tombstones[..<3]))
        let removed = try block.delete(tombstones)
        #expect(try isSame(block.contents(), expected))
        let before = fixture.series.values.reduce(0) { $0 + $1.count }
        #expect(removed.values.reduce(0, +) == before - expected.values.reduce(0) { $0 + $1.count })
        #expect(removed[5] == 0 && removed[4] == nil)
        #expect(try block.delete(tombstones) == [:])
        let ids = try block.ids(matching: [])
        let present = try zip(block.labels(of: ids), block.hasSamples(of: ids, in: .all)).filter(\.1).map(\.0)
        #expect(Set(present) == Set(expected.keys))
        let month = WindowGrid(firstEnd: fixture.to, step: 0, count: 1, length: 30 * BlockTime.day)
        let labels = try block.labels(of: ids)
        try block.read(ids, in: .all, windows: month, budget: QueryBudget()) { position, series in
            let (columns, summaries) = (series.columns, series.summaries)
            let count = columns.count + summaries.reduce(0) { $0 + $1.count }
            #expect(count == expected[labels[position]]?.count)
        }
        // For good, after a rewriting.
        let job = CompactionPlan.Job(
            inputs: [block.name],
            output: BlockName(from: block.name.from, to: block.name.to, through: 7, generation: 1),
            windowsThrough: block.windowsThrough)
        let (rewritten, _) = try Compaction.run(
            job, inputs: [block], files: DiskFiles(), folder: folder.path, cache: cache, deletedThrough: 5)
        try rewritten.verify()
        #expect(try isSame(rewritten.contents(), expected))
        #expect(!tombstones.contains { $0.concerns(rewritten) })
        #expect(rewritten.windowsThrough == block.windowsThrough)
    }

    @Test func whatCameAfterTheDeleteStays() throws {
        var generator = SeededGenerator.seeded("whatCameAfterTheDeleteStays")
        let fixture = BlockFixture(seriesCount: 10, hours: 4, using: &generator)
        // The first window was flushed before the delete, the second got data after it.
        let name = BlockName(from: fixture.from, to: fixture.to, through: 9)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name,
            windowsThrough: [fixture.from: 5, fixture.from + BlockTime.window: 9], effort: .fast)
        for (labels, columns) in fixture.sorted { try builder.add(labels, columns) }
        for event in fixture.events { try builder.add(event) }
        try builder.finish()
        try builder.publish()
        let block = try Block(folder.path, name)
        try block.delete([tombstone(1, [], offset: 7)])
        let late = TimeRange(from: fixture.from + BlockTime.window, through: .max)
        #expect(
            try isSame(
                block.contents(), fixture.series.mapValues { $0.within(late) }.filter { !$0.value.isEmpty }))
        let events = try block.events(in: .all, limit: 1000) { _ in true }
        #expect(events.count == fixture.events.filter { late.contains($0.timestamp) }.count)
    }

    @Test func theDatabaseRemembers() throws {
        let matchers = [
            LabelMatcher("a", .equal("x\"y")), LabelMatcher("b", .notEqual("")),
            LabelMatcher("c", .matches(try LabelPattern("a|b"))),
            LabelMatcher("é", .doesNotMatch(try LabelPattern("."))),
        ]
        var database = try TombstoneDatabase(folder: folder.path)
        let first = try database.add(
            matchers: matchers, range: TimeRange(from: .min, through: 5), offset: 7, now: 1000)
        let second = try database.add(matchers: [], range: .all, offset: 8, now: 2000)
        #expect(first.id == 1 && second.id == 2)
        try database.addRemoved([1: 5, 2: 0])
        try database.addRemoved([1: 2])
        try database.finish([2], now: 3000)
        try database.close()
        database = try TombstoneDatabase(folder: folder.path)
        #expect(try database.active() == [first])
        let receipts = try database.receipts()
        #expect(receipts.map(\.samplesRemoved) == [7, 0])
        #expect(receipts.map(\.doneAt) == [nil, 3000])
        #expect(try database.add(matchers: [], range: .all, offset: 9, now: 1).id == 3)
    }
}
