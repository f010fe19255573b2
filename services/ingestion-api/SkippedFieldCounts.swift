import SelfMetrics
import Synchronization
import WireFormats

/// Fields that were left out on purpose since the process began, for `/metrics`. They are no records: the ledger does not count them.
final class SkippedFieldCounts: Sendable {
    private let texts = Mutex(SkippedFields())

    init(_ registry: MetricsRegistry) {
        registry.register(
            "heliograph_ingest_skipped_fields_total", .counter,
            help: "Fields left out, by the metric that each would have been; texts of line protocol."
        ) { [self] in
            let texts = texts.withLock { $0 }
            let named = texts.counts.sorted { $0.key < $1.key }.map { (metric: $0.key, count: $0.value) }
            let all = named + (texts.others > 0 ? [(metric: "(others)", count: texts.others)] : [])
            return all.map { .init(Double($0.count), labels: [("reason", "text"), ("metric", $0.metric)]) }
        }
    }

    func add(texts skipped: SkippedFields) {
        guard !skipped.isEmpty else { return }
        texts.withLock { $0 += skipped }
    }
}
