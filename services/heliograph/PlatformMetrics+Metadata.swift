import IngestLog
import SelfMetrics
import TelemetryModel

extension PlatformMetrics {
    func registerMetadata(in metrics: MetricsRegistry) {
        let metadata = log.metadata
        metrics.register(
            "heliograph_metadata_families", .gauge, help: "Metric families of which type, help or unit are known."
        ) { [.init(Double(metadata.familyCount))] }
        metrics.register(
            "heliograph_metadata_families_limit", .gauge,
            help: "Families whose metadata may be kept: ingest.max_metadata_families."
        ) { [.init(Double(metadata.limits.families))] }
        metrics.register(
            "heliograph_metadata_variants", .gauge,
            help: "Different metadata of all families; more than families where senders disagree."
        ) { [.init(Double(metadata.variantCount))] }
        metrics.register(
            "heliograph_metadata_left_out_total", .counter,
            help: "Metadata that came and was not kept, by the bound that it came to."
        ) {
            let leftOut = metadata.leftOut
            return [
                ("families", leftOut.familyLimit), ("bytes", leftOut.byteLimit),
                ("variants", leftOut.variantLimit), ("name", leftOut.nameTooLong),
            ].map { .init(Double($0.1), labels: [("bound", $0.0)]) }
        }
        metrics.register(
            "heliograph_metadata_cut_total", .counter, help: "New metadata whose help or unit was longer than is kept."
        ) { [.init(Double(metadata.cutTexts))] }
    }
}
