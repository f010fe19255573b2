import EmbeddedStore
import Foundation
import GRDB
import IngestLog
import TelemetryModel
import TestSupport
import Testing

@testable import DataBackup

@Suite struct VerificationTests {
    let fixture: DataFixture

    init() throws { fixture = try DataFixture() }

    private func change(_ file: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: "\(fixture.data)/\(file)")
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func aGoodFolderIsGoodWhileItIsWrittenAndAfter() async throws {
        try await fixture.append()
        try fixture.flush()
        try await fixture.append(source: "b")
        var report = try fixture.verify(fixture.data, .data)
        #expect(report.isGood, "\(report.table)")
        #expect(report.files.map(\.kind) == [.alerts, .block, .exemplars, .log, .tombstones])
        #expect(report.files[3].content.contains("2 batches, 200 records, 2 series"))
        try fixture.log.close()
        let before = try fixture.names(fixture.data)
        report = try fixture.verify(fixture.data, .data)
        #expect(report.isGood, "\(report.table)")
        #expect(try fixture.names(fixture.data) == before, "nothing is left beside the files")
    }

    @Test func aFlippedBitInABlockIsNamed() async throws {
        var generator = SeededGenerator.seeded("aFlippedBitInABlockIsNamed")
        try await fixture.append(count: 3000)
        try fixture.flush()
        let block = try #require(try fixture.blocks().first)
        _ = try fixture.makeBackup()
        let path = "\(fixture.backup)/blocks/\(block)"
        let bytes = try DiskFiles().size(of: path)
        for _ in 0..<20 {
            let position = Int.random(in: 0..<bytes, using: &generator)
            let bit = Int.random(in: 0..<8, using: &generator)
            try flipBit(of: path, at: position, bit: bit)
            let report = try fixture.verify(fixture.backup, .backup)
            #expect(report.files.filter { !$0.problems.isEmpty }.map(\.path) == ["blocks/\(block)"])
            #expect(report.table.contains("DAMAGED") && report.verdict.hasPrefix("not ok"))
            try flipBit(of: path, at: position, bit: bit)
        }
        #expect(try fixture.verify(fixture.backup, .backup).isGood)
    }

    @Test func aFlippedBitInABatchIsNamedWithoutAManifest() async throws {
        for batch in 0..<5 { try await fixture.append(from: Int64(batch) * 1_000_000, count: 500) }
        try fixture.log.close()
        let path = "\(fixture.data)/log.sqlite"
        let payload: Data = try await DatabaseQueue(path: path).read { db in
            try #require(try Data.fetchOne(db, sql: "SELECT payload FROM batch WHERE offset = 3"))
        }
        // The payload lies whole in one page; a page that is free may still have a copy.
        let found = try positions(of: [UInt8](payload), in: path)
        try #require(!found.isEmpty)
        for position in found { try flipBit(of: path, at: position + 20) }
        let report = try fixture.verify(fixture.data, .data)
        let log = try #require(report.files.first { $0.path == "log.sqlite" })
        #expect(log.problems.count == 1 && log.problems[0].contains("(500 records)"), "\(log.problems)")
        #expect(log.content.contains("4 batches, 2000 records"))
    }

    @Test func aRowThatIsGoneAndALedgerThatDisagreesAreNamed() async throws {
        for _ in 0..<3 { try await fixture.append() }
        try fixture.flush()
        try fixture.log.close()
        #expect(try fixture.verify(fixture.data, .data).isGood)
        try change("log.sqlite", "UPDATE ledger SET stored = stored - 1")
        var report = try fixture.verify(fixture.data, .data)
        #expect(report.files.flatMap(\.problems).contains { $0.contains("received = stored + duplicate + dropped") })
        try change("log.sqlite", "UPDATE ledger SET stored = stored + 1 + 7, received = received + 7")
        report = try fixture.verify(fixture.data, .data)
        #expect(report.files.flatMap(\.problems).contains { $0.contains("expected 300 records") && $0.contains("307") })
        try change("log.sqlite", "UPDATE ledger SET stored = stored - 7, received = received - 7")
        try change("log.sqlite", "DELETE FROM batch WHERE offset = 2")
        report = try fixture.verify(fixture.data, .data)
        #expect(report.files.flatMap(\.problems).contains { $0.contains("batch 2 (100 records)") }, "\(report.table)")
    }

    @Test func seriesAlertsAndDeadLettersAreRead() async throws {
        try await fixture.append()
        try fixture.log.close()
        try change("alerts.sqlite", "UPDATE record SET value = x'ff00'")
        try change(
            "log.sqlite",
            """
            INSERT INTO dead_letter(received_at_ms, protocol, source_id, reason, message, record_index, payload)
            VALUES (0, 1, 'a', 'wrong_type', '', 0, x'00')
            """)
        try change("log.sqlite", "UPDATE series SET labels = '{' WHERE ref = 0")
        let problems = try fixture.verify(fixture.data, .data).files.flatMap(\.problems)
        for words in ["group/a;b", "dead letters of source \"a\"", "damaged at ref 0"] {
            #expect(problems.contains { $0.contains(words) }, "\(words): \(problems)")
        }
    }

    @Test func leftoversAreNamedAndWhatIsSetAsideIsAProblem() async throws {
        try await fixture.append()
        try fixture.flush()
        for name in ["1-2-3.sqlite.tmp", "0-7200000-1.sqlite.damaged", "strange.sqlite"] {
            try Data().write(to: URL(fileURLWithPath: "\(fixture.data)/blocks/\(name)"))
        }
        let report = try fixture.verify(fixture.data, .data)
        #expect(report.notes.contains { $0.contains("1-2-3.sqlite.tmp") })
        #expect(report.problems.count == 1 && report.problems[0].contains("0-7200000-1.sqlite.damaged"))
        #expect(report.files.first { $0.path == "blocks/strange.sqlite" }?.problems.count == 1)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(json["ok"] as? Bool == false)
        #expect((json["files"] as? [[String: Any]])?.count == report.files.count)
    }

    @Test func aFolderThatIsNoneIsRefused() throws {
        #expect(throws: BackupError.self) { try fixture.verify(fixture.folder.path, .data) }
        #expect(throws: BackupError.self) { try fixture.verify(fixture.data, .backup) }
    }

    @Test func anOpenFolderIsInUseAndAClosedOneIsHeld() throws {
        let descriptor = open("\(fixture.data)/LOCK", O_RDWR | O_CLOEXEC)
        try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(FolderHold(fixture.data).isInUse)
        close(descriptor)
        let hold = FolderHold(fixture.data)
        #expect(!hold.isInUse)
        let other = open("\(fixture.data)/LOCK", O_RDWR | O_CLOEXEC)
        #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
        close(other)
        withExtendedLifetime(hold) {}
    }
}
