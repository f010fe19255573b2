import Processing
import Processor
import SelfMetrics

extension PlatformMetrics {
    func registerPipeline(in metrics: MetricsRegistry) {
        metrics.register(
            "heliograph_pipeline_records_total", .counter, help: "Records that went through the pipeline."
        ) { [processor] in [.init(Double(processor.pipelineStatus.records))] }
        metrics.register(
            "heliograph_pipeline_stage_records_total", .counter, help: "What the pipeline's stages did with records."
        ) { [processor] in
            processor.pipelineStatus.stages.flatMap { stage in
                stage.counts.outcomes.map { outcome, records in
                    .init(Double(records), labels: [("stage", stage.name), ("kind", stage.kind), ("outcome", outcome)])
                }
            }
        }
        metrics.register(
            "heliograph_pipeline_stage_series", .gauge, help: "Series that the pipeline's stages changed or dropped."
        ) { [processor] in
            processor.pipelineStatus.stages.flatMap { stage in
                [("dropped", stage.series.dropped), ("relabelled", stage.series.relabelled)].map { outcome, series in
                    .init(Double(series), labels: [("stage", stage.name), ("kind", stage.kind), ("outcome", outcome)])
                }
            }
        }
        metrics.register(
            "heliograph_pipeline_open_samples", .gauge, help: "Samples that wait in open aggregation windows."
        ) { [processor] in [.init(Double(processor.pipelineStatus.openSamples))] }
    }
}
