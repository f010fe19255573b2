package import TelemetryModel
package import TimeSeriesStore

/// What a pipeline makes of a raw series. Decided once per series and cached: label work never happens per sample.
package enum SeriesDisposition: Sendable, Equatable {
    case dropped(byRule: String)
    case stored(LabelSet, transform: ValueTransform)
}

/// `value × factor + offset`, applied per sample.
package struct ValueTransform: Sendable, Equatable {
    package var factor: Double
    package var offset: Double

    package static let identity = ValueTransform(factor: 1, offset: 0)

    package init(factor: Double, offset: Double) {
        self.factor = factor
        self.offset = offset
    }

    package var isIdentity: Bool { self == .identity }
    package func callAsFunction(_ value: Double) -> Double { value * factor + offset }
}

/// One step of a pipeline. Pure: the same labels always give the same answer.
package protocol ProcessingStage: Sendable {
    func process(_ labels: LabelSet, _ transform: ValueTransform) -> SeriesDisposition
}

/// Drops the series that satisfy all matchers.
package struct DropStage: ProcessingStage {
    package let rule: String
    package let matchers: [LabelMatcher]

    package init(rule: String, matchers: [LabelMatcher]) {
        self.rule = rule
        self.matchers = matchers
    }

    package func process(_ labels: LabelSet, _ transform: ValueTransform) -> SeriesDisposition {
        matchers.allSatisfy { $0.accepts(labels) } ? .dropped(byRule: rule) : .stored(labels, transform: transform)
    }
}

/// Converts the unit of a metric: renames it and scales its values.
package struct UnitStage: ProcessingStage {
    package let metric: String
    package let renamed: String
    package let conversion: ValueTransform

    package init(metric: String, renamed: String, conversion: ValueTransform) {
        self.metric = metric
        self.renamed = renamed
        self.conversion = conversion
    }

    package func process(_ labels: LabelSet, _ transform: ValueTransform) -> SeriesDisposition {
        guard labels.metricName == metric else { return .stored(labels, transform: transform) }
        let converted = ValueTransform(
            factor: transform.factor * conversion.factor,
            offset: transform.offset * conversion.factor + conversion.offset)
        return .stored(
            LabelSet(labels.labels + [Label(LabelSet.metricNameLabel, renamed)]), transform: converted)
    }
}

/// Stages in order; the first that drops ends the way.
package struct ProcessingPipeline: Sendable {
    package let stages: [any ProcessingStage]

    package init(stages: [any ProcessingStage] = []) { self.stages = stages }

    package func disposition(of labels: LabelSet) -> SeriesDisposition {
        var current = (labels: labels, transform: ValueTransform.identity)
        for stage in stages {
            switch stage.process(current.labels, current.transform) {
            case .dropped(let rule): return .dropped(byRule: rule)
            case .stored(let labels, let transform): current = (labels, transform)
            }
        }
        return .stored(current.labels, transform: current.transform)
    }
}
