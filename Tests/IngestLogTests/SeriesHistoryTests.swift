import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

/// When series began, as the log remembers it.
@Suite struct SeriesHistoryTests {
    private static let minute: Int64 = 60_000
    private static let start: Int64 = 1_800_000_000_000

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func send(_ log: IngestLog, _ names: [String], at time: Int64) async throws {
        var batch = TelemetryBatch()
        for name in names {
            batch.append(try log.registry.register(LabelSet(["__name__": name])), at: time, value: 1)
        }
        _ = try await log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: time))
    }

    private func names(_ log: IngestLog, since time: Int64) throws -> [String] {
        log.registry.labels(from: try log.seriesBegun(since: time).first).compactMap(\.metricName)
    }

    @Test func seriesAreNewSinceTheMinuteTheyBeganInAlsoAfterReopening() async throws {
        let (start, minute) = (SeriesHistoryTests.start, SeriesHistoryTests.minute)
        var log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        #expect(try log.seriesBegun(since: start).first == 0)
        try await send(log, ["a", "b"], at: start)
        try await send(log, ["a"], at: start + minute)
        try await send(log, ["c", "a"], at: start + 2 * minute + 1)
        try await send(log, ["d"], at: start + 2 * minute + 59_999)
        for isReopened in [false, true] {
            if isReopened {
                try log.close()
                log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
            }
            #expect(try names(log, since: start) == ["a", "b", "c", "d"])
            #expect(try names(log, since: start + minute) == ["c", "d"])
            #expect(try names(log, since: start + 2 * minute + 30_000) == ["c", "d"])
            #expect(try log.seriesBegun(since: start + minute + 1).since == start + minute)
            #expect(try names(log, since: start + 3 * minute) == [])
        }
        // A known series is not new because the process is.
        try await send(log, ["a"], at: start + 9 * minute)
        #expect(try names(log, since: start + 3 * minute) == [])
        try await send(log, ["e"], at: start + 9 * minute)
        #expect(try names(log, since: start + 3 * minute) == ["e"])
        try log.close()
    }

    @Test func aClockThatWasSetBackMakesSeriesNewRatherThanOld() async throws {
        let (start, minute) = (SeriesHistoryTests.start, SeriesHistoryTests.minute)
        let log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        try await send(log, ["a"], at: start + 60 * minute)
        try await send(log, ["b"], at: start)
        try await send(log, ["c"], at: start + 61 * minute)
        #expect(try names(log, since: start + 30 * minute) == ["a", "b", "c"])
        #expect(try names(log, since: start + 61 * minute) == ["c"])
        try log.close()
    }

    @Test func twoDaysAreKeptARowAMinute() async throws {
        let (start, minute) = (SeriesHistoryTests.start, SeriesHistoryTests.minute)
        let log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        for hour in 0..<60 {
            for second in 0..<3 {
                try await send(
                    log, ["m\(hour)_\(second)"], at: start + Int64(hour) * 60 * minute + Int64(second) * 1000)
            }
        }
        let rows = try await log.reader.read { db in
            try Int.fetchAll(db, sql: "SELECT series FROM series_history ORDER BY at_ms")
        }
        #expect(rows == (11..<60).map { $0 * 3 })
        try log.close()
    }

    @Test func aFileFromBeforeHasNoNewSeries() async throws {
        var log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        try await send(log, ["a", "b"], at: SeriesHistoryTests.start)
        try await log.writer.write { db in try db.execute(sql: "DELETE FROM series_history") }
        try log.close()
        log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        #expect(try names(log, since: 0) == [])
        try log.close()
    }
}
