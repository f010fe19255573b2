package import TelemetryModel

/// Stages in order; the first that drops a series ends its way.
package struct ProcessingPipeline: Sendable {
    /// A stage with what people call it and what it is.
    package struct NamedStage: Sendable {
        package let name: String
        /// The key in the file: `drop`, `relabel`, ….
        package let kind: String
        let stage: any PipelineStage
    }

    package let stages: [NamedStage]

    package static let empty = ProcessingPipeline(stages: [])

    init(stages: [NamedStage]) { self.stages = stages }

    package var isEmpty: Bool { stages.isEmpty }

    package var aggregationRules: [AggregationRule] {
        stages.compactMap { ($0.stage as? AggregateStage)?.rule }
    }

    package func disposition(of labels: LabelSet) -> SeriesDisposition {
        var plan = SeriesPlan(labels: labels)
        for (index, named) in stages.enumerated() where !named.stage.apply(to: &plan, index: index) {
            return .dropped(stage: index)
        }
        return .kept(plan)
    }

    /// As `disposition`, telling the labels after each stage; `nil` where the series was dropped.
    package func trace(of labels: LabelSet) -> [LabelSet?] {
        var plan = SeriesPlan(labels: labels)
        var trace: [LabelSet?] = []
        for (index, named) in stages.enumerated() {
            guard named.stage.apply(to: &plan, index: index) else { return trace + [nil] }
            trace.append(plan.labels)
        }
        return trace
    }
}
