import ChunkCodec
import Foundation
import LabelPattern
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// A flipped bit anywhere in a block's file gives an error or no difference: never a trap, never another answer.
@Suite struct BlockDamageTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What a store asks of a block.
    private struct Answers: Equatable {
        var counts: [Int] = []
        var windows: [Int64: Int64] = [:]
        var replaces: [String] = []
        var found: [[LabelSet]] = []
        var samples: [String] = []
        var events: [String] = []
        var values: [String] = []
    }

    private func answers(of folder: String, _ name: BlockName, _ matchers: [[LabelMatcher]]) throws -> Answers {
        let block = try Block(folder, name)
        var answers = Answers()
        answers.counts = [block.seriesCount, block.sampleCount, block.eventCount]
        answers.windows = block.windowsThrough
        answers.replaces = block.replaces
        answers.values = block.labelNames() + (try block.labelValues(of: "source"))
        for list in matchers { answers.found.append(try block.labels(of: block.ids(matching: list))) }
        let ids = try block.ids(matching: [])
        try block.read(ids, in: .all, windows: nil, budget: QueryBudget()) { position, series in
            let columns = series.columns
            answers.samples.append(
                "\(position) \(columns.timestamps.hashValue) \(columns.values.map(\.bitPattern).hashValue)")
            let details = series.details
            answers.samples.append(
                "\(details.histograms.timestamps) \(details.histograms.values) \(details.starts)")
        }
        // Statistics that a damaged page hides cost time, not truth: samples then stand for themselves.
        let month = WindowGrid(firstEnd: name.to, step: 0, count: 1, length: 30 * BlockTime.day)
        try block.read(ids, in: .all, windows: month, budget: QueryBudget()) { position, series in
            let (columns, summaries) = (series.columns, series.summaries)
            let values = columns.values.filter { !$0.isNaN }
            let count = values.count + summaries.reduce(0) { $0 + $1.count }
            let least = (values + summaries.map(\.minimum)).min() ?? .nan
            let greatest = (values + summaries.map(\.maximum)).max() ?? .nan
            answers.samples.append("\(position) \(count) \(least) \(greatest)")
        }
        answers.events = try block.events(in: .all, limit: 1000) { _ in true }.map(\.described)
        return answers
    }

    @Test(arguments: [2, 24] as [Int64], [false, true])
    func flippedBitsAreNoticed(_ hours: Int64, withDetails: Bool) throws {
        var generator = SeededGenerator.seeded("flippedBitsAreNoticed \(hours) \(withDetails)")
        let fixture = BlockFixture(
            seriesCount: hours == 2 ? 20 : 3, hours: hours, withDetails: withDetails, using: &generator)
        let name = try fixture.write(to: folder.path, replaces: ["0-7200000-1.sqlite"])
        let matchers: [[LabelMatcher]] = [
            [LabelMatcher("__name__", .equal("m1"))], [LabelMatcher("source", .matches(try LabelPattern("s1.*")))],
            [LabelMatcher("region", .notEqual(""))], [LabelMatcher("note", .equal(""))],
        ]
        let path = "\(folder.path)/\(name.fileName)"
        let intact = try Data(contentsOf: URL(fileURLWithPath: path))
        let expected = try answers(of: folder.path, name, matchers)
        // A page's unused part is zeros, which nobody reads.
        let used = intact.indices.filter { intact[$0] != 0 }
        var refused = 0
        for _ in 0..<200 {
            var damaged = intact
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let offset = used.randomElement(using: &generator)!
                damaged[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            try damaged.write(to: URL(fileURLWithPath: path))
            do {
                let found = try answers(of: folder.path, name, matchers)
                if found != expected {
                    let differing = damaged.indices.filter { damaged[$0] != intact[$0] }
                    Issue.record("another answer after bits flipped at \(differing)")
                }
            } catch is BlockDamage {
                refused += 1
            }
        }
        #expect(refused > 50)
    }

    @Test func truncatedAndEmptiedFilesAreNoticed() throws {
        var generator = SeededGenerator.seeded("truncatedAndEmptiedFilesAreNoticed")
        let fixture = BlockFixture(seriesCount: 20, hours: 2, using: &generator)
        let name = try fixture.write(to: folder.path)
        let path = "\(folder.path)/\(name.fileName)"
        let intact = try Data(contentsOf: URL(fileURLWithPath: path))
        let expected = try answers(of: folder.path, name, [])
        for length in [0, 1, 99, 100, 1024, intact.count / 2, intact.count - 1024, intact.count - 1] {
            try intact.prefix(length).write(to: URL(fileURLWithPath: path))
            do {
                let found = try answers(of: folder.path, name, [])
                #expect(found == expected, "\(length) of \(intact.count) bytes")
            } catch is BlockDamage {}
        }
        try intact.write(to: URL(fileURLWithPath: path))
        let other = BlockName(from: name.from, to: name.to, through: name.through + 1)
        try DiskFiles().rename(path, to: "\(folder.path)/\(other.fileName)")
        #expect(throws: BlockDamage.self) { try Block(folder.path, other) }
    }

    /// Chunks that are intact by themselves, but in each other's place: nothing but the seal tells.
    @Test func exchangedRowsAreNoticed() throws {
        let times = (0..<100).map { BlockFixture.day + Int64($0) * 15_000 }
        let name = BlockName(from: BlockFixture.day, to: BlockFixture.day + BlockTime.window, through: 1)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name, windowsThrough: [:], effort: .fast)
        for index in 0..<2 {
            try builder.add(
                LabelSet(["i": "\(index)"]), SampleColumns(timestamps: times, values: times.map { Double($0 % 97) }))
        }
        try builder.finish()
        try builder.publish()
        for statement in [
            "UPDATE chunk SET (seal, data) = (SELECT seal, data FROM chunk WHERE id = 2048) WHERE id = 0",
            "UPDATE series SET (labels, seal) = (SELECT labels, seal FROM series WHERE id = 1) WHERE id = 0",
            "UPDATE label SET (name, value, series) = (SELECT name, value, series FROM label WHERE id = 1) WHERE id = 0",
        ] {
            let copy = try name.alteredCopy(in: folder.path, statement)
            #expect(throws: BlockDamage.self, "\(statement)") { try Block(copy.path, name).contents() }
        }
        #expect(try Block(folder.path, name).contents().count == 2)
    }

    @Test func verifyFindsWhatNoQueryLooksAt() throws {
        var generator = SeededGenerator.seeded("verifyFindsWhatNoQueryLooksAt")
        let fixture = BlockFixture(seriesCount: 20, hours: 24, using: &generator)
        let name = try fixture.write(to: folder.path)
        for statement in [
            "DELETE FROM statistics WHERE id IN (SELECT id FROM chunk)", "DELETE FROM chunk WHERE id = 0",
            "UPDATE chunk SET timeline = timeline + 1 WHERE id = 0", "UPDATE label SET value = 'x' WHERE id = 3",
            "DELETE FROM event WHERE id = 7", "UPDATE window SET through = through + 1",
            "UPDATE series SET labels = (SELECT labels FROM series WHERE id = 1) WHERE id = 0",
            "UPDATE meta SET value = value + 1 WHERE key = 'samples'", "UPDATE timeline SET t_max = t_max + 1",
        ] {
            let copy = try name.alteredCopy(in: folder.path, statement)
            if statement.hasPrefix("DELETE FROM statistics") {
                try Block(copy.path, name).verify()
            } else {
                #expect(throws: BlockDamage.self, "\(statement)") { try Block(copy.path, name).verify() }
            }
        }
    }
}
