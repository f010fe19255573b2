import LabelPattern
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Which series `info` takes labels from, and which labels: what its second argument says.
struct InfoSelection {
    /// What a series and its info series have in common.
    static let identifyingLabels = ["instance", "job"]
    private static let defaultName = "target_info"

    /// About the metric's name; at least one.
    private let names: [LabelMatcher]
    /// About other labels.
    private let data: [LabelMatcher]

    init(_ selector: VectorSelector?, in query: String) throws {
        var names: [LabelMatcher] = []
        var data: [LabelMatcher] = []
        for matcher in selector?.matchers ?? [] {
            let compiled = try matcher.compiled(in: query)
            if matcher.name == LabelSet.metricNameLabel { names.append(compiled) } else { data.append(compiled) }
        }
        if names.isEmpty { names = [LabelMatcher(LabelSet.metricNameLabel, .equal(Self.defaultName))] }
        // What is not an info metric does not say what is one.
        if !names.contains(where: \.isPositive) {
            names.append(LabelMatcher(LabelSet.metricNameLabel, .matches(try LabelPattern(".+_info"))))
        }
        self.names = names
        self.data = data
    }

    var matchers: [LabelMatcher] { names + data }

    /// Without an info series there is no element, since the labels that are asked for cannot be there.
    var isRequired: Bool { data.contains { !$0.acceptsMissing } }

    /// Info series have nothing to be told themselves.
    func isInfo(_ labels: LabelSet) -> Bool { names.allSatisfy { $0.accepts(labels) } }

    /// The labels that an info series has to give.
    func dataLabels(of labels: LabelSet) -> [Label] {
        labels.labels.filter { label in
            if LabelSet.isMetadata(label.name) { return false }
            if data.isEmpty { return !Self.identifyingLabels.contains(label.name) }
            return data.contains { $0.name == label.name }
        }
    }
}

extension LabelMatcher {
    fileprivate var isPositive: Bool {
        switch condition {
        case .equal, .matches: true
        case .notEqual, .doesNotMatch: false
        }
    }
}
