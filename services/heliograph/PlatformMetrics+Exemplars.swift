import EmbeddedStore
import SelfMetrics

extension PlatformMetrics {
    func registerExemplars(in metrics: MetricsRegistry) {
        let counts: @Sendable () -> ExemplarCounts = { [store] in store.exemplarCounts }
        metrics.register("heliograph_exemplars", .gauge, help: "Exemplars that are kept, by where they are.") {
            let counts = counts()
            return [("memory", counts.inMemory), ("database", counts.inDatabase)].map {
                .init(Double($0.1), labels: [("in", $0.0)])
            }
        }
        metrics.register("heliograph_exemplar_series", .gauge, help: "Series with exemplars in the database.") {
            [.init(Double(counts().series))]
        }
        metrics.register("heliograph_exemplars_taken_total", .counter, help: "Exemplars taken into the store.") {
            [.init(Double(counts().taken))]
        }
        metrics.register(
            "heliograph_exemplars_duplicate_total", .counter, help: "Exemplars that came once more and are kept once."
        ) { [.init(Double(counts().duplicates))] }
        metrics.register(
            "heliograph_exemplars_dropped_total", .counter,
            help: "Exemplars that were accepted and are not kept, or no longer, by the reason."
        ) {
            let counts = counts()
            return [
                ("pipeline", counts.droppedByPipeline), ("room", counts.droppedForRoom), ("deleted", counts.deleted),
                ("age", counts.expired), ("limit", counts.evicted),
            ].map { .init(Double($0.1), labels: [("reason", $0.0)]) }
        }
    }
}
