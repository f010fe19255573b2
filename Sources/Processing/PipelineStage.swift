import PromQLEngine
import Relabelling
import TelemetryModel
import TimeSeriesStore

/// One step of a pipeline. Pure: the same labels always give the same plan.
protocol PipelineStage: Sendable {
    /// Changes the plan of a series; false if the series is dropped.
    ///
    /// - Parameter index: this stage's place in the pipeline, for the steps that it adds.
    func apply(to plan: inout SeriesPlan, index: Int) -> Bool
}

/// Which series a stage is for: those that one of several selectors takes in.
package struct SeriesSelection: Sendable, Equatable {
    /// Selectors as they were written.
    package let texts: [String]
    private let matchers: [[LabelMatcher]]

    /// Every series.
    package static let all = SeriesSelection()

    private init() {
        texts = []
        matchers = [[]]
    }

    /// - Throws: what is wrong with a selector, such as `PromQLError`.
    package init(_ texts: [String]) throws {
        self.texts = texts
        matchers = try texts.map { try PromQLEngine.matchers($0) }
    }

    func accepts(_ labels: LabelSet) -> Bool {
        matchers.contains { $0.allSatisfy { $0.accepts(labels) } }
    }
}

/// Drops the series that are selected.
struct DropStage: PipelineStage {
    let selection: SeriesSelection

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool { !selection.accepts(plan.labels) }
}

/// Drops the series that are not selected.
struct KeepStage: PipelineStage {
    let selection: SeriesSelection

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool { selection.accepts(plan.labels) }
}

/// Adds a step for each sample of the series that are selected.
struct SampleStage: PipelineStage {
    let selection: SeriesSelection
    let step: @Sendable (_ index: Int) -> SampleStep

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool {
        if selection.accepts(plan.labels) { plan.steps.append(step(index)) }
        return true
    }
}

/// Converts the values of the series that are selected, and may rename them.
struct UnitStage: PipelineStage {
    let selection: SeriesSelection
    let conversion: ValueTransform
    /// Nil to keep the name.
    let metric: String?

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool {
        guard selection.accepts(plan.labels) else { return true }
        plan.steps.append(.scale(conversion, stage: index))
        if let metric {
            plan.relabel(
                as: LabelSet(plan.labels.labels + [Label(LabelSet.metricNameLabel, metric)]), by: index)
        }
        return true
    }
}

/// Prometheus' `relabel_configs`.
struct RelabelStage: PipelineStage {
    let rules: [RelabelRule]

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool {
        guard let labels = rules.apply(to: plan.labels) else { return false }
        plan.relabel(as: labels, by: index)
        return true
    }
}

/// Adds labels by looking up the value of one.
struct EnrichStage: PipelineStage {
    let selection: SeriesSelection
    let table: LookupTable
    /// Whose value is looked up.
    let key: String
    /// Columns of the table that become labels of the same name.
    let added: [String]
    /// Whether they take the place of labels that a series has.
    let overwrites: Bool

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool {
        guard selection.accepts(plan.labels), let value = plan.labels[key], let row = table[value] else { return true }
        var labels = plan.labels.labels
        for column in added {
            guard let value = row[column], !value.isEmpty, overwrites || plan.labels[column] == nil else { continue }
            labels.append(Label(column, value))
        }
        plan.relabel(as: LabelSet(labels), by: index)
        return true
    }
}

/// Counts the samples of the series that are selected in under fewer labels.
struct AggregateStage: PipelineStage {
    let rule: AggregationRule

    func apply(to plan: inout SeriesPlan, index: Int) -> Bool {
        guard rule.selection.accepts(plan.labels) else { return true }
        plan.steps.append(.aggregate(rule, labels: plan.labels, stage: index))
        return true
    }
}
