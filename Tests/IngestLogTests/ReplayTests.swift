import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct ReplayTests {
    @Test func handsOutEverythingInOrderAndThenNothing() async throws {
        var generator = SeededGenerator.seeded("handsOutEverythingInOrderAndThenNothing")
        let fixture = try LogFixture()
        var written: [TelemetryBatch] = []
        for index in 0..<120 {
            // More than fits the queue, in batches below and above a piece's size.
            let batch = TelemetryBatch.random(
                count: index % 40 == 7 ? 60_000 : 4000, shape: .fleet, using: &generator)
            let submission = LogSubmission(
                batch: batch, rejected: [], ingestProtocol: index % 9 == 0 ? .rules : .contract,
                receivedAt: Int64(index))
            #expect(try await fixture.log.append(submission) == Int64(index + 1))
            written.append(batch)
        }
        let log = try fixture.reopen()
        let replay = try log.replay(after: 20)
        #expect(replay.through == 120)
        var next: Int64 = 21
        while let entries = try replay.next() {
            for batch in entries.batches {
                #expect(batch.offset == next)
                #expect(batch.batch == written[Int(next) - 1])
                #expect(batch.receivedAt == next - 1)
                #expect(batch.ingestProtocol == ((next - 1) % 9 == 0 ? .rules : .contract))
                next += 1
            }
        }
        #expect(next == 121)
        #expect(try replay.next() == nil)
        #expect(try replay.next() == nil)
        try log.close()
    }

    @Test func canBeLeftEarly() async throws {
        var generator = SeededGenerator.seeded("canBeLeftEarly")
        let fixture = try LogFixture()
        for _ in 0..<30 { try await fixture.append(30_000, &generator) }
        let replay = try fixture.log.replay(after: 0)
        #expect(try replay.next()?.first?.offset == 1)
        replay.cancel()
        replay.cancel()
        // What is queued may still come; it ends.
        while try replay.next() != nil {}
        #expect(try fixture.log.replay(after: 30).next() == nil)
        try fixture.log.close()
    }

    @Test func whatSQLiteCannotDoIsAnErrorNotAnEnd() async throws {
        var generator = SeededGenerator.seeded("whatSQLiteCannotDoIsAnErrorNotAnEnd")
        let fixture = try LogFixture()
        try await fixture.append(3, &generator)
        try fixture.execute("ALTER TABLE batch RENAME TO away")
        let replay = try fixture.log.replay(after: 0)
        #expect(throws: (any Error).self) { try replay.next() }
        #expect(throws: (any Error).self) { try replay.next() }
        try fixture.execute("ALTER TABLE away RENAME TO batch")
        #expect(try fixture.log.entries().batches.count == 1)
        try fixture.log.close()
    }
}
