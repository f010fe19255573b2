import Foundation
import Synchronization
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct IngestLogTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func submission(_ registry: SeriesRegistry, source: String, count: Int, bad: Int = 0) -> LogSubmission {
        var batch = TelemetryBatch()
        if let reference = registry.reference(for: LabelSet(["__name__": "m", "source_id": source])) {
            for index in 0..<count { batch.append(reference, at: Int64(index), value: Double(index)) }
        }
        let rejected = (0..<bad).map { index in
            RejectedRecord(
                index: index, field: "metric_value", reason: .wrongType, message: "bad",
                payload: Array("{\(index)}".utf8),
                sourceID: source)
        }
        return LogSubmission(batch: batch, rejected: rejected, ingestProtocol: .contract, receivedAt: 1000)
    }

    @Test func whatWasAcknowledgedIsThereAfterReopening() async throws {
        var generator = SeededGenerator.seeded("whatWasAcknowledgedIsThereAfterReopening")
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        var written: [Int64: TelemetryBatch] = [:]
        for index in 0..<20 {
            let submission = submission(registry, source: "s\(generator.next() % 5)", count: index + 1, bad: index % 3)
            written[try await log.append(submission)] = submission.batch
        }
        try log.close()

        let restored = SeriesRegistry()
        let again = try IngestLog(folder: folder.path, registry: restored)
        #expect(restored.count == registry.count)
        #expect(restored.labels(from: 0) == registry.labels(from: 0))
        let read = try again.batches(after: 0, through: .max, limit: 1000)
        #expect(read.map(\.offset) == Array(1...20))
        for batch in read { #expect(batch.batch == written[batch.offset]) }
        again.readTotals { received, deadLettered in
            #expect(received[.contract] == (1...20).reduce(0, +) + 19)
            #expect(deadLettered.sum.records == 19)
        }
        try again.close()
    }

    @Test func waitingRequestsShareCommits() async throws {
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        let offsets = try await withThrowingTaskGroup(of: Int64.self) { group in
            for index in 0..<500 {
                let submission = submission(registry, source: "s\(index % 7)", count: 1)
                group.addTask { try await log.append(submission) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(offsets.sorted() == Array(1...500))
        #expect(log.counters.commits < 500)
        try log.close()
    }

    @Test func deliversEveryCommitInOrder() async throws {
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        let delivered = Mutex<[Int64]>([])
        log.deliverCommits { batches in delivered.withLock { $0 += batches.map(\.offset) } }
        for _ in 0..<10 { _ = try await log.append(submission(registry, source: "a", count: 2)) }
        try log.close()
        #expect(delivered.withLock { $0 } == Array(1...10))
    }

    /// A function that was wrapped once more by each commit brought a server down after some thousand of them.
    @Test func noCommitIsToldFromDeeperThanTheFirst() async throws {
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        let places = Mutex<[UInt]>([])
        log.deliverCommits { _ in
            let place = withUnsafePointer(to: 0) { UInt(bitPattern: $0) }
            places.withLock { $0.append(place) }
        }
        for _ in 0..<100 { _ = try await log.append(submission(registry, source: "a", count: 1)) }
        try log.close()
        #expect(Set(places.withLock { $0 }).count == 1)
    }

    @Test func aFullDiskIsSaidAndNothingIsHalfWritten() async throws {
        var generator = SeededGenerator.seeded("aFullDiskIsSaidAndNothingIsHalfWritten")
        let registry = SeriesRegistry()
        var limits = LogLimits()
        limits.maximumPages = 60
        let log = try IngestLog(folder: folder.path, registry: registry, limits: limits)
        var accepted = 0
        var failure: LogAppendError?
        for _ in 0..<100 where failure == nil {
            do throws(LogAppendError) {
                let bad = submission(registry, source: "a", count: 1, bad: 1).rejected
                _ = try await log.append(
                    LogSubmission(
                        batch: .random(count: 2000, using: &generator), rejected: bad, ingestProtocol: .contract,
                        receivedAt: 1000))
                accepted += 1
            } catch {
                failure = error
            }
        }
        #expect(failure == .storageFull)
        #expect(accepted > 0)
        try log.close()
        let again = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        #expect(try again.batches(after: 0, through: .max, limit: 1000).count == accepted)
        #expect(try again.deadLetters(DeadLetterSelection()).count == accepted)
        try again.close()
    }

    @Test func refusesWhatIsOverItsBoundWithoutTakingIt() async throws {
        let registry = SeriesRegistry()
        var limits = LogLimits()
        limits.maximumPendingBytes = 10_000
        let log = try IngestLog(folder: folder.path, registry: registry, limits: limits)
        let submission = submission(registry, source: "a", count: 500)
        let outcomes = await withTaskGroup(of: LogAppendError?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(LogAppendError) {
                        _ = try await log.append(submission)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = outcomes.compactMap { $0 }
        #expect(!refused.isEmpty)
        #expect(refused.allSatisfy { $0 == .behind })
        let taken = outcomes.count - refused.count
        #expect(try log.batches(after: 0, through: .max, limit: 1000).count == taken)
        try log.close()
    }

    @Test func deadLettersAreListedAndTheOldestExpire() async throws {
        let registry = SeriesRegistry()
        var limits = LogLimits()
        limits.maximumDeadLetterBytes = 1000
        let log = try IngestLog(folder: folder.path, registry: registry, limits: limits)
        for index in 0..<50 {
            _ = try await log.append(submission(registry, source: "s\(index)", count: 0, bad: 20))
        }
        log.stopAccepting()
        let kept = try log.deadLetters(DeadLetterSelection())
        let bytes = kept.reduce(0) { $0 + $1.payload.count }
        #expect(bytes <= 1000)
        #expect(kept.first?.sourceID == "s49")
        var bySource = DeadLetterSelection()
        bySource.sourceID = "s49"
        #expect(try log.deadLetters(bySource).count == 20)
        log.readTotals { _, deadLettered in #expect(deadLettered.sum.records == 1000) }
        try log.close()
    }
}
