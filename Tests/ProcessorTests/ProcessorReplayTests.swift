import EmbeddedStore
import Foundation
import GRDB
import IngestLog
import Logging
import NativeHistograms
import Processing
import SelfMetrics
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import Processor

/// The way from a log that an earlier process left to a store.
@Suite struct ProcessorReplayTests {
    let folder: TemporaryFolder
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private func fill(_ batches: Int, records: Int, at time: (Int) -> Int64) async throws {
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        for index in 0..<batches {
            var batch = TelemetryBatch()
            for record in 0..<records {
                let labels = LabelSet(["__name__": "m", "source_id": "s\(record % 7)", "n": "\(record)"])
                batch.append(
                    try #require(registry.reference(for: labels)), at: time(index), value: Double(index * record))
            }
            _ = try await log.append(
                LogSubmission(
                    batch: batch, rejected: [], ingestProtocol: index % 3 == 2 ? .rules : .contract, receivedAt: 0))
        }
        try log.close()
    }

    private func samples(_ store: EmbeddedStore) throws -> Int {
        try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
            .reduce(0) { $0 + $1.samples.timestamps.count }
    }

    @Test func unreadableBatchesAreInTheLedgerAndTheRestIsServed() async throws {
        try await fill(40, records: 50) { 1_760_000_000_000 + Int64($0) * 15_000 }
        let file = try DatabaseQueue(path: "\(folder.path)/log.sqlite")
        try await file.write { db in
            try db.execute(sql: "UPDATE batch SET payload = x'00' WHERE offset IN (2, 3, 40)")
            try db.execute(sql: "DELETE FROM batch WHERE offset BETWEEN 10 AND 14")
        }
        try file.close()

        let log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        let store = try EmbeddedStore(dataFolder: folder.path)
        let processor = try Processor(
            log: log, store: store, logger: logger)
        #expect(processor.ledger.pending == 40 * 50)
        #expect(processor.replayProgress == 0)
        processor.start()
        await processor.waitUntilVisible()
        #expect(processor.replayProgress == 1)
        #expect(try samples(store) == 32 * 50)
        let snapshot = processor.ledger.snapshot(of: log)
        #expect(snapshot.isBalanced)
        #expect(snapshot.pending == 0)
        #expect(snapshot.totals.stored == 32 * 50)
        #expect(snapshot.totals.dropped == 8 * 50)
        let unreadable = snapshot.accounts.filter { $0.id.sourceID == "(unreadable batch)" }
        // Offsets 3 and 12 came from rules.
        #expect(unreadable.map(\.counts.dropped) == [6 * 50, 2 * 50])
        log.stopAccepting()
        processor.stop()
        try log.close()
    }

    /// The ledger is ahead of the store while the log is replayed: a flush must not trim what the store has not seen.
    @Test func aFlushDuringReplayTrimsNothingThatIsStillToCome() async throws {
        try await fill(2, records: 3) { Int64($0) * 86_400_000 }
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        let store = try EmbeddedStore(dataFolder: folder.path)
        let entry = LedgerEntry(
            ingestProtocol: .contract, sourceID: "s0", counts: LedgerCounts(accepted: 6, stored: 6))
        try log.write(LedgerCheckpoint(offset: 2, entries: [entry]))
        let ledger = Ledger(try log.ledgerCheckpoint(), pending: 0)
        let applied = AppliedPosition(start: 0, target: 2)
        var applier = BatchApplier(registry: registry, pipeline: .empty, store: store, ledger: ledger)
        let first = try #require(try log.batches(after: 0, through: 1, limit: 1).first)
        _ = applier.apply(first, isReplay: true)
        applied.advance(to: 1)
        #expect(store.detachAll(through: 1))
        let flusher = Flusher(log: log, store: store, ledger: ledger, applied: applied, logger: logger)
        flusher.flushNow(now: 4 * 86_400_000)
        #expect(flusher.counters.failures.value == 0)
        #expect(try log.oldestOffset() == 2)
        try log.close()
    }

    /// Histograms and start timestamps go with their records, past records that a rule drops, from the log into the store.
    @Test func histogramsAndStartsStayWithTheirRecords() async throws {
        var generator = SeededGenerator.seeded("histogramsAndStartsStayWithTheirRecords")
        let registry = SeriesRegistry()
        var log = try IngestLog(folder: folder.path, registry: registry)
        var expected: [Int: (histogram: NativeHistogram?, start: Int64?)] = [:]
        var batch = TelemetryBatch()
        let histograms = RandomHistograms.series(.unsteady, count: 40, using: &generator)
        for (index, histogram) in histograms.enumerated() {
            let labels = LabelSet(["__name__": index % 3 == 1 ? "dropped" : "m", "n": "\(index)"])
            let reference = try #require(registry.reference(for: labels))
            if index % 2 == 0 { batch.starts.append(RecordStart(sampleIndex: index, startTimestamp: Int64(index))) }
            if index % 5 < 3 {
                batch.append(reference, at: 1000, histogram: histogram)
            } else {
                batch.append(reference, at: 1000, value: 1)
            }
            if index % 3 != 1 {
                expected[index] = (index % 5 < 3 ? histogram : nil, index % 2 == 0 ? Int64(index) : nil)
            }
        }
        _ = try await log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: 0))
        try log.close()

        let again = SeriesRegistry()
        log = try IngestLog(folder: folder.path, registry: again)
        let store = try EmbeddedStore(dataFolder: folder.path)
        let drop = PipelineSource(name: "p.yml", text: "stages: [{drop: dropped}]", lookups: [:])
        try log.write(PipelineVersion(fromOffset: 1, source: try drop.stored))
        let processor = try Processor(log: log, store: store, pipeline: drop, logger: logger)
        processor.start()
        await processor.waitUntilVisible()
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        #expect(found.count == expected.count)
        for series in found {
            let wanted = try #require(expected[series.labels["n"].flatMap { Int($0) } ?? -1])
            #expect(series.histograms.histograms.isSame(as: wanted.histogram.map { [$0] } ?? []))
            #expect(series.samples.values == (wanted.histogram == nil ? [1] : []))
            #expect(series.starts.starts == (wanted.start.map { [$0] } ?? []))
        }
        #expect(processor.ledger.snapshot(of: log).totals.stored == expected.count)
        log.stopAccepting()
        processor.stop()
        try log.close()
    }
}
