import EmbeddedStore
import Foundation
import IngestLog
import Processor
import SelfMetrics
import TelemetryModel

/// What the platform says of itself on `/metrics`, read when somebody scrapes.
struct PlatformMetrics {
    let log: IngestLog
    let store: EmbeddedStore
    let processor: Processor
    let recent: RecentStatistics

    init(log: IngestLog, store: EmbeddedStore, processor: Processor) {
        self.log = log
        self.store = store
        self.processor = processor
        recent = RecentStatistics(of: store)
    }

    func register(in metrics: MetricsRegistry) {
        registerLedger(in: metrics)
        registerDeadLetters(in: metrics)
        registerBudgets(in: metrics)
        registerLog(in: metrics)
        registerHead(in: metrics)
        registerExemplars(in: metrics)
        registerBlocks(in: metrics)
        registerCompaction(in: metrics)
        registerReplay(in: metrics)
        registerPipeline(in: metrics)
        metrics.register("process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.") {
            [.init(ProcessMemory.residentBytes)]
        }
    }

    private func registerLedger(in metrics: MetricsRegistry) {
        let read: @Sendable ((LedgerSnapshot) -> [MetricsRegistry.Reading]) -> [MetricsRegistry.Reading] = {
            [log, processor] read in read(processor.ledger.snapshot(of: log))
        }
        metrics.register("heliograph_ledger_received_records_total", .counter, help: "Records received.") {
            read { snapshot in
                snapshot.received.map { .init(Double($0.value), labels: [("protocol", $0.key.name)]) }
            }
        }
        metrics.register(
            "heliograph_ledger_records_total", .counter, help: "What became of the records, by fate."
        ) {
            read { snapshot in
                let totals = snapshot.totals
                return [
                    ("stored", totals.stored), ("duplicate", totals.duplicate), ("dropped", totals.dropped),
                    ("dead_lettered", totals.deadLettered),
                ].map { .init(Double($0.1), labels: [("fate", $0.0)]) }
            }
        }
        metrics.register("heliograph_ledger_pending_records", .gauge, help: "Records on disk, not processed yet.") {
            read { [.init(Double($0.pending))] }
        }
        metrics.register(
            "heliograph_ledger_balanced", .gauge, help: "1 if received records equal the sum of their fates."
        ) {
            read { [.init($0.isBalanced ? 1 : 0)] }
        }
    }

    private func registerBudgets(in metrics: MetricsRegistry) {
        metrics.register("heliograph_series_known", .gauge, help: "Series that ever were in the log.") { [log] in
            [.init(Double(log.registry.count))]
        }
        metrics.register("heliograph_series_limit", .gauge, help: "Series that may exist: ingest.max_series.") {
            [log] in
            [.init(Double(log.registry.limit))]
        }
        metrics.register(
            "heliograph_series_limit_per_source", .gauge,
            help: "Series that one source may have: ingest.max_series_per_source, 0 for no limit."
        ) { [log] in [.init(Double(log.registry.limitPerSource))] }
    }

    private func registerLog(in metrics: MetricsRegistry) {
        let counters = log.counters
        metrics.register("heliograph_log_commits_total", .counter, help: "Transactions committed and fsynced.") {
            [.init(Double(counters.commits))]
        }
        metrics.register("heliograph_log_payload_bytes_total", .counter, help: "Bytes of batch payloads committed.") {
            [.init(Double(counters.payloadBytes))]
        }
        metrics.register("heliograph_log_failed_commits_total", .counter, help: "Transactions that failed.") {
            [.init(Double(counters.failedCommits))]
        }
        metrics.register("heliograph_log_waiting_bytes", .gauge, help: "Bytes of requests that wait for a commit.") {
            [log] in [.init(Double(log.pendingBytes))]
        }
    }
}

/// What the kernel says of this process (man 5 proc).
enum ProcessMemory {
    static var residentBytes: Double {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}
