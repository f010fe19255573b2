import Foundation
import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct TrimmingTests {
    @Test func trimsInSlicesWhileCommitsGoOn() async throws {
        var generator = SeededGenerator.seeded("trimsInSlicesWhileCommitsGoOn")
        let fixture = try LogFixture()
        for _ in 0..<(LogTrimming.sliceRows * 2 + 10) { try await fixture.append(1, &generator) }
        let log = fixture.log
        let through = log.durableOffset
        let submission = LogSubmission(
            batch: .random(count: 300, using: &generator), rejected: [], ingestProtocol: .rules, receivedAt: 1)
        let (trimmed, appended) = try await withThrowingTaskGroup(of: Int64?.self) { group in
            group.addTask {
                let deleted = try log.trim(through: through)
                #expect(deleted == Int(through))
                return nil
            }
            for _ in 0..<200 { group.addTask { try await log.append(submission) } }
            return try await group.reduce(into: (0, [Int64]())) { sum, offset in
                if let offset { sum.1.append(offset) } else { sum.0 += 1 }
            }
        }
        #expect(trimmed == 1)
        #expect(appended.sorted() == Array(through + 1...through + 200))
        #expect(
            try log.batches(after: 0, through: .max, limit: 1000).map(\.offset) == Array(through + 1...through + 200))
        #expect(try log.oldestOffset() == through + 1)
        #expect(try log.recordCount(after: 0) == 200 * 300)
        #expect(try log.recordCount(after: through + 150) == 50 * 300)
        log.readTotals { received, _ in #expect(received == [.contract: Int(through), .rules: 200 * 300]) }
        try log.close()
    }

    @Test func anEmptyLogGoesOnWhereItWasAndGivesItsSpaceBack() async throws {
        var generator = SeededGenerator.seeded("anEmptyLogGoesOnWhereItWasAndGivesItsSpaceBack")
        let fixture = try LogFixture()
        for _ in 0..<100 { try await fixture.append(4000, &generator) }
        try fixture.log.trim(through: fixture.log.durableOffset)
        try fixture.log.close()
        #expect(fixture.files == [LogDatabase.fileName])
        #expect(fixture.fileSize < 200_000)

        let log = try fixture.reopen()
        #expect(log.durableOffset == 100)
        #expect(try log.oldestOffset() == nil)
        #expect(try log.entries(after: 100).isEmpty)
        #expect(try log.recordCount(after: 100) == 0)
        log.readTotals { received, _ in #expect(received == [.contract: 400_000]) }
        #expect(try await fixture.append(1, &generator) == 101)
        #expect(try log.recordCount(after: 100) == 1)
        #expect(try log.entries(after: 100).batches.map(\.offset) == [101])
        #expect(try fixture.fetch("PRAGMA integrity_check")[0][0] == "ok")
        try log.close()
    }

    @Test func keepsFreePagesThatTheNextBatchesWillUse() async throws {
        var generator = SeededGenerator.seeded("keepsFreePagesThatTheNextBatchesWillUse")
        let fixture = try LogFixture()
        for _ in 0..<100 { try await fixture.append(4000, &generator) }
        try fixture.log.trim(through: 50)
        try fixture.log.close()
        let size = fixture.fileSize
        #expect(try fixture.fetch("PRAGMA freelist_count")[0][0] as Int > 100)
        _ = try fixture.reopen()
        for _ in 0..<40 { try await fixture.append(4000, &generator) }
        try fixture.log.close()
        #expect(fixture.fileSize <= size)
    }

    /// A file as the version before wrote it: large pages, offsets from SQLite's sequence, payloads of version 1.
    @Test func aFileOfTheVersionBeforeIsTakenOver() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(LogDatabase.fileName)"
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL")
        }
        let old = try DatabaseQueue(path: path, configuration: configuration)
        try LogDatabase.migrator.migrate(old, upTo: "1: batches, series, dead letters, ledger")
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO batch VALUES (40, 1000, 1, 3, x'\(GoldenPayload.version1)');
                    INSERT INTO batch VALUES (41, 1001, 2, 3, x'\(GoldenPayload.version1)');
                    INSERT INTO batch VALUES (42, 1002, 1, 3, x'\(GoldenPayload.version1)');
                    DELETE FROM batch WHERE offset = 42;
                    INSERT INTO received_total VALUES (1, 110), (2, 5);
                    INSERT INTO dead_letter_total VALUES (1, 's', 'wrong_type', 7);
                    INSERT INTO series VALUES (0, '{"__name__":"m"}');
                    """)
        }
        try old.close()

        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        #expect(registry.labels(from: 0) == [LabelSet(["__name__": "m"])])
        #expect(log.durableOffset == 42)
        let batches = try log.entries(after: 39).batches
        #expect(batches.map(\.offset) == [40, 41])
        #expect(batches.map(\.ingestProtocol) == [.contract, .rules])
        for batch in batches { #expect(batch.batch == GoldenPayload.batch) }
        log.readTotals { received, deadLettered in
            #expect(received == [.contract: 110, .rules: 5])
            #expect(deadLettered.sum.records == 7)
        }
        #expect(try log.recordCount(after: 40) == 3)
        let submission = LogSubmission(
            batch: GoldenPayload.batch, rejected: [], ingestProtocol: .contract, receivedAt: 1)
        #expect(try await log.append(submission) == 43)
        try log.trim(through: 43)
        try log.close()

        let check = try DatabaseQueue(path: path)
        let (pageSize, vacuum, integrity) = try await check.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA page_size"), try Int.fetchOne(db, sql: "PRAGMA auto_vacuum"),
                try String.fetchOne(db, sql: "PRAGMA integrity_check")
            )
        }
        #expect((pageSize, vacuum) == (LogDatabase.pageSize, 2))
        #expect(integrity == "ok")
        try check.close()
        let again = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        again.readTotals { received, _ in #expect(received == [.contract: 113, .rules: 5]) }
        try again.close()
    }
}
