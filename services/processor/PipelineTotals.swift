package import Foundation
package import Processing
import Synchronization

/// What the stages of the pipeline did since the process began. Thread-safe.
final class PipelineTotals: Sendable {
    private struct State {
        var pipeline: ProcessingPipeline
        var source: PipelineSource
        var since: Date
        /// By a stage's name, so that counting goes on when the pipeline is replaced by one with the same stage.
        var counts: [String: StageCounts] = [:]
        /// Records that went through a pipeline with stages.
        var records = 0
    }

    private let state: Mutex<State>

    init(_ pipeline: ProcessingPipeline, source: PipelineSource) {
        state = Mutex(State(pipeline: pipeline, source: source, since: Date()))
    }

    func replace(_ pipeline: ProcessingPipeline, source: PipelineSource) {
        state.withLock { state in
            state.pipeline = pipeline
            state.source = source
            state.since = Date()
        }
    }

    /// - Parameter stages: by stage of the pipeline that is in force.
    func add(_ stages: [StageCounts], of pipeline: ProcessingPipeline, records: Int) {
        guard !stages.isEmpty else { return }
        state.withLock { state in
            state.records += records
            for (stage, counts) in zip(pipeline.stages, stages) {
                state.counts[stage.name, default: StageCounts()] += counts
            }
        }
    }

    func status(series: [StageSeriesCounts], openSamples: Int) -> PipelineStatus {
        state.withLock { state in
            let stages = state.pipeline.stages.enumerated().map { index, stage in
                PipelineStatus.Stage(
                    name: stage.name, kind: stage.kind, counts: state.counts[stage.name] ?? StageCounts(),
                    series: series.indices.contains(index) ? series[index] : StageSeriesCounts())
            }
            return PipelineStatus(
                source: state.source, since: state.since, stages: stages, records: state.records,
                openSamples: openSamples)
        }
    }
}

/// The pipeline that is in force.
package struct PipelineStatus: Sendable {
    package struct Stage: Sendable {
        package let name: String
        package let kind: String
        /// Since the process began.
        package let counts: StageCounts
        /// Of the series that were seen since the pipeline came into force.
        package let series: StageSeriesCounts
    }

    package let source: PipelineSource
    /// When it came into force in this process.
    package let since: Date
    package let stages: [Stage]
    /// That went through it, or through one before it, since the process began.
    package let records: Int
    /// Samples in aggregation windows that are open.
    package let openSamples: Int
}
