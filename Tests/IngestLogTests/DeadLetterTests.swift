import Foundation
import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct DeadLetterTests {
    private func submission(
        _ fixture: LogFixture, source: String = "s", bad: Int, reason: RejectionReason = .wrongType,
        receivedAt: Int64 = 1000
    ) -> LogSubmission {
        LogSubmission(
            batch: TelemetryBatch(),
            rejected: (0..<bad).map { index in
                RejectedRecord(
                    index: index, field: "metric_value", reason: reason, message: "bad",
                    payload: Array("{\(index)}".utf8), sourceID: source, parameters: "a=1")
            }, ingestProtocol: .contract, receivedAt: receivedAt)
    }

    private func settling(_ letter: DeadLetter, _ fixture: LogFixture, edited: [UInt8]? = nil, rejected: Int = 0)
        throws -> LogSubmission
    {
        var batch = TelemetryBatch()
        let reference = try #require(fixture.registry.reference(for: LabelSet(["__name__": "m", "source_id": "s"])))
        batch.append(reference, at: 1, value: 1)
        return LogSubmission(
            batch: batch, rejected: submission(fixture, bad: rejected).rejected, ingestProtocol: .contract,
            receivedAt: 2000, settlement: DeadLetterSettlement(of: letter, .replayed, edited: edited))
    }

    /// What a data folder says must be what the process says, and both must add up.
    private func counts(_ log: IngestLog) throws -> DeadLetterCounts {
        let counts = log.readTotals { _, deadLettered in deadLettered.sum }
        #expect(try log.countDeadLetters(DeadLetterSelection()).byReason.values.reduce(0, +) == counts.waiting)
        return counts
    }

    @Test func aReplayedLetterIsCommittedWithItsRecordsOrNotAtAll() async throws {
        let fixture = try LogFixture()
        _ = try await fixture.log.append(submission(fixture, bad: 3))
        let letter = try #require(try fixture.log.deadLetters(DeadLetterSelection()).last)
        #expect(letter.parameters == "a=1" && letter.state == .waiting && letter.firstReason == "wrong_type")
        let settling = try settling(letter, fixture, rejected: 1)
        #expect(try await fixture.log.append(settling) == 1)
        // The same letter once more, as if somebody else had read it at the same time.
        await #expect(throws: LogAppendError.letterChanged) { try await fixture.log.append(settling) }
        #expect(try counts(fixture.log) == DeadLetterCounts(records: 4, replayed: 1))
        let replayed = try #require(try fixture.log.deadLetter(letter.id))
        #expect(replayed.state == .replayed && replayed.attempts == 1 && replayed.changedAt == 2000)
        // What is left of a letter came when that did.
        #expect(try fixture.log.deadLetters(DeadLetterSelection()).allSatisfy { $0.receivedAt == 1000 })
        let again = try fixture.reopen()
        #expect(try counts(again) == DeadLetterCounts(records: 4, replayed: 1))
        #expect(try again.batches(after: 0, through: .max, limit: 10).count == 1)
        again.readTotals { received, _ in #expect(received == [.contract: 5]) }
    }

    @Test func whatIsRefusedAgainStaysOneLetterWithItsNewReason() async throws {
        let fixture = try LogFixture()
        _ = try await fixture.log.append(submission(fixture, bad: 1))
        let letter = try #require(try fixture.log.deadLetters(DeadLetterSelection()).first)
        let refusal = RejectedRecord(
            index: 0, field: nil, reason: .seriesLimit, message: "full", payload: [], sourceID: nil)
        _ = try await fixture.log.append(
            LogSubmission(
                batch: TelemetryBatch(), rejected: [], ingestProtocol: .contract, receivedAt: 2000,
                settlement: DeadLetterSettlement(of: letter, .refused(refusal), edited: Array("new".utf8))))
        let kept = try #require(try fixture.log.deadLetters(DeadLetterSelection()).first)
        #expect(kept.id == letter.id && kept.reason == "series_limit" && kept.firstReason == "wrong_type")
        #expect(kept.message == "full" && kept.field == nil && kept.attempts == 1)
        #expect(kept.payload == Array("new".utf8) && kept.original == letter.payload)
        // It is counted where it was counted when it came.
        fixture.log.readTotals { _, deadLettered in
            #expect(deadLettered.map(\.key.reason) == ["wrong_type"])
        }
        var byReason = DeadLetterSelection()
        byReason.reason = "series_limit"
        #expect(try fixture.log.discardDeadLetters(byReason) == 1)
        #expect(try counts(fixture.log) == DeadLetterCounts(records: 1, discarded: 1))
        #expect(try counts(try fixture.reopen()) == DeadLetterCounts(records: 1, discarded: 1))
    }

    @Test func editsKeepTheFirstPayloadAndOutdateWhatWasRead() async throws {
        let fixture = try LogFixture()
        _ = try await fixture.log.append(submission(fixture, bad: 1))
        let letter = try #require(try fixture.log.deadLetters(DeadLetterSelection()).first)
        for text in ["one", "two"] {
            #expect(try fixture.log.editDeadLetter(letter.id, payload: Array(text.utf8), at: 3000) != nil)
        }
        let edited = try #require(try fixture.log.deadLetter(letter.id))
        #expect(edited.payload == Array("two".utf8) && edited.original == letter.payload && edited.changedAt == 3000)
        let outdated = try settling(letter, fixture)
        await #expect(throws: LogAppendError.letterChanged) { try await fixture.log.append(outdated) }
        #expect(fixture.log.durableOffset == 0)
        _ = try await fixture.log.append(settling(edited, fixture))
        #expect(try fixture.log.editDeadLetter(letter.id, payload: [1], at: 1) == nil)
        #expect(try fixture.log.editDeadLetter(99, payload: [1], at: 1) == nil)
        #expect(try !fixture.log.discardDeadLetter(letter.id))
    }

    @Test func ageExpiresAndWhatWasReplayedIsCountedOnce() async throws {
        let fixture = try LogFixture()
        _ = try await fixture.log.append(submission(fixture, bad: 6, receivedAt: 1000))
        _ = try await fixture.log.append(submission(fixture, bad: 2, receivedAt: 5000))
        let letter = try #require(try fixture.log.deadLetters(DeadLetterSelection()).last)
        _ = try await fixture.log.append(settling(letter, fixture))
        #expect(try fixture.log.discardDeadLetter(letter.id + 1))
        #expect(try fixture.log.expireDeadLetters(receivedBefore: 5000) == 5)
        #expect(try counts(fixture.log) == DeadLetterCounts(records: 8, replayed: 1, discarded: 1, expired: 4))
        #expect(try fixture.log.deadLetter(letter.id) == nil)
        #expect(try counts(try fixture.reopen()) == DeadLetterCounts(records: 8, replayed: 1, discarded: 1, expired: 4))
    }

    @Test func roomIsMadeOfReplayedLettersFirst() async throws {
        var limits = LogLimits()
        limits.maximumDeadLetterBytes = 100
        let fixture = try LogFixture(limits: limits)
        // Six bytes each.
        _ = try await fixture.log.append(submission(fixture, bad: 10))
        let newest = try #require(try fixture.log.deadLetters(DeadLetterSelection()).first)
        _ = try await fixture.log.append(settling(newest, fixture))
        _ = try await fixture.log.append(submission(fixture, source: "t", bad: 8))
        fixture.log.stopAccepting()
        #expect(try fixture.log.deadLetter(newest.id) == nil)
        let counts = try counts(fixture.log)
        #expect(counts.records == 18 && counts.replayed == 1 && counts.expired > 0)
        let kept = try fixture.log.deadLetters(DeadLetterSelection())
        #expect(kept.count == counts.waiting && kept.reduce(0) { $0 + $1.payload.count + 3 } <= 100)
    }

    @Test func pagesGoBothWaysAndStopAtTheirBytes() async throws {
        let fixture = try LogFixture()
        for (source, reason) in [("a", RejectionReason.wrongType), ("b", .missingField)] {
            _ = try await fixture.log.append(submission(fixture, source: source, bad: 5, reason: reason))
        }
        var selection = DeadLetterSelection()
        selection.limit = 3
        #expect(try fixture.log.deadLetters(selection).map(\.id) == [10, 9, 8])
        selection.isAscending = true
        selection.afterID = 4
        #expect(try fixture.log.deadLetters(selection).map(\.id) == [5, 6, 7])
        selection.maximumBytes = 4
        #expect(try fixture.log.deadLetters(selection).map(\.id) == [5, 6])
        selection.reason = "missing_field"
        #expect(try fixture.log.countDeadLetters(selection).byReason == ["missing_field": 5])
        #expect(try fixture.log.countDeadLetters(selection).lastID == 10)
        selection.ingestProtocol = .otlp
        #expect(try fixture.log.deadLetters(selection).isEmpty)
    }

    @Test func aFileOfBeforeKnowsWhatExpired() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabaseQueue(path: "\(folder.path)/log.sqlite")
        try LogDatabase.migrator.migrate(old, upTo: "3: when series began")
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO dead_letter_total VALUES (1, 's', 'wrong_type', 7), (1, '', 'invalid_json', 1);
                    INSERT INTO dead_letter VALUES (41, 1000, 1, 's', 'wrong_type', NULL, 'm', 0, x'7b7d');
                    INSERT INTO dead_letter VALUES (42, 1000, 1, NULL, 'invalid_json', NULL, 'm', 0, x'7b');
                    """)
        }
        try old.close()
        let log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        #expect(try counts(log) == DeadLetterCounts(records: 8, expired: 6))
        let letter = try #require(try log.deadLetter(41))
        #expect(letter.payload == Array("{}".utf8) && letter.parameters.isEmpty && letter.firstReason == "wrong_type")
        try log.close()
    }
}
