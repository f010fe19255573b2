import IngestLog
import SelfMetrics
import TelemetryModel

extension PlatformMetrics {
    func registerDeadLetters(in metrics: MetricsRegistry) {
        register(
            "heliograph_dead_letters_total", .counter, help: "Records refused, by protocol and reason.",
            reading: \.records, in: metrics)
        register(
            "heliograph_dead_letters_waiting", .gauge,
            help: "Of them, those that can still be mended, replayed or discarded.", reading: \.waiting, in: metrics)
        register(
            "heliograph_dead_letters_replayed_total", .counter, help: "Of them, those that were taken when replayed.",
            reading: \.replayed, in: metrics)
        register(
            "heliograph_dead_letters_discarded_total", .counter, help: "Of them, those that somebody discarded.",
            reading: \.discarded, in: metrics)
        register(
            "heliograph_dead_letters_expired_total", .counter,
            help: "Of them, those deleted for their age or for want of room.", reading: \.expired, in: metrics)
    }

    /// The reason is that of the record's arrival, also where a later replay found another one.
    private func register(
        _ name: String, _ kind: MetricsRegistry.Kind, help: String,
        reading count: any KeyPath<DeadLetterCounts, Int> & Sendable, in metrics: MetricsRegistry
    ) {
        metrics.register(name, kind, help: help) { [log] in
            var sums: [[String]: Int] = [:]
            for (key, counts) in log.readTotals({ _, deadLettered in deadLettered }) {
                sums[[key.ingestProtocol.name, key.reason], default: 0] += counts[keyPath: count]
            }
            return sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, records in
                .init(Double(records), labels: [("protocol", key[0]), ("reason", key[1])])
            }
        }
    }
}
