import Foundation
import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

/// Damage of every kind behind the log's back: named, counted, and no obstacle to the rest.
@Suite struct DamagedLogTests {
    private func filled(_ sizes: [Int], _ generator: inout SeededGenerator) async throws -> LogFixture {
        let fixture = try LogFixture()
        for size in sizes { try await fixture.append(size, &generator) }
        return fixture
    }

    @Test func aDamagedPayloadIsNamedAndCounted() async throws {
        var generator = SeededGenerator.seeded("aDamagedPayloadIsNamedAndCounted")
        let fixture = try await filled([3, 5, 2000, 7], &generator)
        try fixture.log.close()
        try fixture.execute("UPDATE batch SET payload = zeroblob(length(payload)) WHERE offset IN (2, 3)")
        let log = try fixture.reopen()
        let entries = try log.entries()
        #expect(entries.map(\.offset) == [1, 2, 3, 4])
        #expect(entries.batches.map(\.offset) == [1, 4])
        #expect(entries.damages.map(\.records?.sum) == [5, 2000])
        #expect(entries.damages.first?.description.contains("batch 2 (5 records)") == true)
        #expect(throws: DamagedBatches.self) { try log.batches(after: 0, through: 4, limit: 10) }
        try log.close()
    }

    @Test func missingRowsAreNoticed() async throws {
        var generator = SeededGenerator.seeded("missingRowsAreNoticed")
        let fixture = try await filled([3, 5, 20, 7, 11, 13], &generator)
        try fixture.log.close()
        try fixture.execute("DELETE FROM batch WHERE offset IN (2, 3, 5)")
        var entries = try fixture.reopen().entries()
        #expect(entries.map(\.offset) == [1, 3, 4, 5, 6])
        #expect(entries.damages.map(\.first) == [2, 5])
        #expect(entries.damages.map(\.records?.sum) == [25, 11])
        try fixture.log.close()
        try fixture.execute("UPDATE position SET value = 6 WHERE name = 'end'; DELETE FROM batch WHERE offset <= 4")
        entries = try fixture.reopen().entries()
        #expect(entries.map(\.offset) == [5, 6])
        #expect(entries.damages.map(\.records?.sum) == [3 + 5 + 20 + 7 + 11])
        try fixture.log.close()
    }

    @Test func offsetsThatWereLeftOutAreNoDamage() async throws {
        var generator = SeededGenerator.seeded("offsetsThatWereLeftOutAreNoDamage")
        let fixture = try await filled([3, 5], &generator)
        try fixture.log.continueAfter(50)
        #expect(try await fixture.append(7, &generator) == 51)
        let log = try fixture.reopen()
        try log.continueAfter(60)
        let entries = try log.entries()
        #expect(entries.batches.map(\.offset) == [1, 2, 51])
        #expect(entries.damages.isEmpty)
        try log.close()
    }

    @Test func aRowWithDamagedColumnsIsCountedByItsNeighbours() async throws {
        var generator = SeededGenerator.seeded("aRowWithDamagedColumnsIsCountedByItsNeighbours")
        for change in [
            "protocol = 99", "totals = '{\"99\":1}'", "totals = x'00'", "records = -1", "received_at_ms = 'x'",
            "totals = '{\"1\":9223372036854775807}'", "records = 9223372036854775807",
        ] {
            for (offset, size) in [(1, 3), (2, 5), (3, 7)] {
                let fixture = try await filled([3, 5, 7], &generator)
                try fixture.log.close()
                try fixture.execute("UPDATE batch SET \(change) WHERE offset = \(offset)")
                let entries = try fixture.reopen().entries()
                #expect(entries.map(\.offset) == [1, 2, 3], "\(change)")
                #expect(entries.damages.map(\.last) == [Int64(offset)], "\(change)")
                #expect(entries.damages.map(\.records?.sum) == [size], "\(change)")
                try fixture.log.close()
            }
        }
    }

    /// Totals that contradict each other: which of the two is right, nobody knows.
    @Test func aLossBetweenContradictoryTotalsIsNamedAndNotCounted() async throws {
        var generator = SeededGenerator.seeded("aLossBetweenContradictoryTotalsIsNamedAndNotCounted")
        let fixture = try await filled([3, 5, 7, 11], &generator)
        try fixture.log.close()
        try fixture.execute(
            "UPDATE batch SET totals = '{\"1\":99}' WHERE offset = 1; DELETE FROM batch WHERE offset = 2")
        let entries = try fixture.reopen().entries()
        #expect(entries.map(\.offset) == [1, 2, 3, 4])
        #expect(entries.damages.map(\.last) == [2])
        #expect(entries.damages.map(\.records) == [nil])
        #expect(entries.damages.first?.description.contains("cannot be told") == true)
        try fixture.log.close()
    }

    @Test func aNewestRowThatTellsNothingIsAnErrorAtOpening() async throws {
        var generator = SeededGenerator.seeded("aNewestRowThatTellsNothingIsAnErrorAtOpening")
        let fixture = try await filled([3, 5], &generator)
        try fixture.log.close()
        try fixture.execute("UPDATE batch SET totals = x'00', records = 'x' WHERE offset = 2")
        let error = #expect(throws: LogOpenError.self) {
            try IngestLog(folder: fixture.folder.path, registry: SeriesRegistry())
        }
        #expect(error?.description.contains("batch 2") == true)
    }

    /// Whole pages overwritten, of every kind that the batches' tree has.
    @Test func malformedPagesAreReadAround() async throws {
        var generator = SeededGenerator.seeded("malformedPagesAreReadAround")
        var sizes: [Int] = []
        for _ in 0..<400 { sizes.append([1, 20, 600, 3000][Int(generator.next() % 4)]) }
        let fixture = try await filled(sizes, &generator)
        try fixture.log.close()
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        let pages = try fixture.fetch("SELECT pageno, pagetype FROM dbstat WHERE name = 'batch' AND path != '/'")
        let newest = try fixture.fetch(
            "SELECT max(path) AS path FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf'")
        let newestPage = try fixture.fetch("SELECT pageno FROM dbstat WHERE path = '\(newest[0]["path"] as String)'")
        var kinds: Set<String> = []
        for round in 0..<60 {
            let page = try #require(pages.randomElement(using: &generator))
            let number: Int = page["pageno"]
            // Without the newest leaf nothing can be appended: that is an error at opening.
            if number == newestPage[0]["pageno"] { continue }
            var damaged = good
            let start = (number - 1) * LogDatabase.pageSize
            for offset in 0..<LogDatabase.pageSize where round % 2 == 0 || offset < 8 {
                damaged[start + offset] = round % 3 == 0 ? 0 : UInt8(truncatingIfNeeded: generator.next())
            }
            try damaged.write(to: URL(fileURLWithPath: fixture.file))
            kinds.insert(page["pagetype"])
            let entries = try fixture.reopen().entries()
            #expect(!entries.damages.isEmpty, "page \(number), \(page["pagetype"] as String)")
            #expect(entries.map(\.offset) == entries.map(\.offset).sorted())
            // Reading from the beginning, every loss lies between totals that are known.
            #expect(entries.damages.allSatisfy { $0.records != nil }, "page \(number)")
            let read = entries.batches.reduce(0) { $0 + $1.batch.count }
            let lost = entries.damages.reduce(0) { $0 + ($1.records?.sum ?? 0) }
            #expect(read + lost == sizes.reduce(0, +), "page \(number), \(page["pagetype"] as String)")
            for batch in entries.batches { #expect(batch.batch.count == sizes[Int(batch.offset) - 1]) }
            try fixture.log.close()
        }
        #expect(kinds.isSuperset(of: ["leaf", "overflow"]))
    }

    @Test func aMalformedNewestPageIsAnErrorThatSaysWhatToDo() async throws {
        var generator = SeededGenerator.seeded("aMalformedNewestPageIsAnErrorThatSaysWhatToDo")
        let fixture = try await filled(Array(repeating: 20, count: 200), &generator)
        try fixture.log.close()
        let newest = try fixture.fetch(
            "SELECT pageno FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1")
        var damaged = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        let start = ((newest[0]["pageno"] as Int) - 1) * LogDatabase.pageSize
        for offset in 0..<LogDatabase.pageSize { damaged[start + offset] = 0xFF }
        try damaged.write(to: URL(fileURLWithPath: fixture.file))
        let error = #expect(throws: LogOpenError.self) {
            try IngestLog(folder: fixture.folder.path, registry: SeriesRegistry())
        }
        #expect(error?.description.contains(".recover") == true)
    }

    @Test func runningTotalsAreReadAsTheyWereWritten() {
        var totals = RunningTotals()
        #expect(totals.text == "{}")
        #expect(RunningTotals(text: "{}") == totals)
        totals[.contract] = 5000
        #expect(totals.text == "{\"1\":5000}")
        totals[.rules] = 12
        #expect(totals.text == "{\"1\":5000,\"2\":12}")
        #expect(RunningTotals(text: totals.text) == totals)
        for text in [
            "", "{", "}", "{\"1\"}", "{\"1\":}", "{\"1\":-5}", "{1:5}", "{\"1\":5", "{\"0\":5}", "{\"\":5}",
            "{\"é\":1}",
        ] {
            #expect(RunningTotals(text: text) == nil, "\(text)")
        }
    }
}
