import TelemetryModel
import TimeSeriesStore

/// Samples of many series become those of few, one an interval.
///
/// A sample with time `t` belongs to the window that ends at the next multiple of `interval` at or after `t` (left-open, as
/// PromQL's ranges), if it arrives no later than `horizon` after that end.
package struct AggregationRule: Sendable, Equatable {
    package enum Grouping: Sendable, Equatable {
        /// These labels stay.
        case by([String])
        /// All stay but these.
        case without([String])
    }

    package enum Output: Hashable, Sendable {
        /// Of all samples of the group in the window.
        case sum, count, min, max, avg
        /// The newest sample.
        case last
        /// How many series had samples.
        case countSeries
        /// The sum of the newest sample of each series.
        case sumLast
        /// By how much the group's counters rose.
        case increase
        /// As `increase`, per second.
        case rate
        case quantile(Double)
        /// A native histogram of the samples.
        case histogram

        /// How it is written in a file and at the end of a metric's name.
        package var name: String {
            switch self {
            case .sum: "sum"
            case .count: "count"
            case .min: "min"
            case .max: "max"
            case .avg: "avg"
            case .last: "last"
            case .countSeries: "count_series"
            case .sumLast: "sum_last"
            case .increase: "increase"
            case .rate: "rate"
            case .quantile: "quantile"
            case .histogram: "histogram"
            }
        }

        /// What can be written without a number.
        static let simple: [Output] = [
            .sum, .count, .min, .max, .avg, .last, .countSeries, .sumLast, .increase, .rate, .histogram,
        ]

        /// Whether the samples of the window before are needed.
        var looksBack: Bool { self == .increase || self == .rate }
    }

    package let name: String
    package let selection: SeriesSelection
    /// Milliseconds.
    package let interval: Int64
    /// How long after its end a window takes samples, milliseconds.
    package let horizon: Int64
    package let grouping: Grouping
    package let outputs: [Output]
    /// Of the output's metric; `$metric`, `$interval` and `$output` stand for what they say.
    package let nameTemplate: String
    package let keepsRaw: Bool

    /// The same for rules that would give the same results: what goes on from one version of a pipeline to the next.
    package let identity: String

    package init(
        name: String, selection: SeriesSelection, interval: Int64, horizon: Int64, grouping: Grouping,
        outputs: [Output], nameTemplate: String = AggregationRule.defaultNameTemplate, keepsRaw: Bool
    ) {
        self.name = name
        self.selection = selection
        self.interval = interval
        self.horizon = horizon
        self.grouping = grouping
        self.outputs = outputs
        self.nameTemplate = nameTemplate
        self.keepsRaw = keepsRaw
        identity = "\(selection.texts)|\(interval)|\(horizon)|\(grouping)|\(outputs)|\(nameTemplate)"
    }

    package static let defaultNameTemplate = "$metric:$interval_$output"

    /// The end of the window that a time belongs to; nil outside of the times that there are.
    func windowEnd(of timestamp: Int64) -> Int64? {
        let remainder = timestamp % interval
        if remainder == 0 { return timestamp }
        let (end, overflow) = (timestamp - remainder).addingReportingOverflow(remainder > 0 ? interval : 0)
        return overflow ? nil : end
    }

    /// The labels of a group, its metric's own name included.
    func group(of labels: LabelSet) -> LabelSet {
        let name = LabelSet.metricNameLabel
        let kept: [Label] =
            switch grouping {
            case .by(let names): labels.labels.filter { $0.name == name || names.contains($0.name) }
            case .without(let names): labels.labels.filter { $0.name == name || !names.contains($0.name) }
            }
        return LabelSet(kept)
    }

    /// The labels of an output of a group.
    func labels(of output: Output, group: LabelSet) -> LabelSet {
        let metric = nameTemplate.replacing("$metric", with: group.metricName ?? "")
            .replacing("$interval", with: AggregationRule.text(ofInterval: interval))
            .replacing("$output", with: output.name)
        var labels = group.labels + [Label(LabelSet.metricNameLabel, metric)]
        if case .quantile(let q) = output { labels.append(Label("quantile", AggregationRule.text(of: q))) }
        return LabelSet(labels)
    }
}
