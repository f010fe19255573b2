import AlertRules
import TelemetryModel

/// Why the result of a recording rule cannot be stored.
enum RecordingError: Error, Sendable, Equatable, CustomStringConvertible {
    case sameLabels(LabelSet)
    case limitExceeded(limit: Int, series: Int)

    var description: String {
        switch self {
        case .sameLabels(let labels):
            "two series of the result become the same series \(labels); aggregate in the expression"
        case .limitExceeded(let limit, let series):
            "the rule gives \(series) series, over its group's limit of \(limit); narrow the expression or raise `limit`"
        }
    }
}

extension RecordingRule {
    /// The result under the rule's name and labels. Throws `RecordingError`.
    func recorded(from samples: [RuleSample], at time: Int64, limit: Int) throws(RecordingError) -> [RecordedSample] {
        if limit > 0, samples.count > limit { throw .limitExceeded(limit: limit, series: samples.count) }
        let own = [Label(LabelSet.metricNameLabel, name)] + labels.map { Label($0.name, $0.value) }
        var seen: Set<LabelSet> = []
        var recorded: [RecordedSample] = []
        for sample in samples {
            let kept = sample.labels.labels.filter { label in !own.contains { $0.name == label.name } }
            let labels = LabelSet(kept + own)
            guard seen.insert(labels).inserted else { throw .sameLabels(labels) }
            recorded.append(RecordedSample(labels: labels, timestamp: time, value: sample.value))
        }
        return recorded
    }
}

extension ActiveAlert {
    /// `ALERTS` (1 while pending or firing) and `ALERTS_FOR_STATE` (since when, in seconds), as Prometheus records them.
    func series(at time: Int64) -> [RecordedSample] {
        func labelled(_ name: String, _ more: [Label] = []) -> LabelSet {
            LabelSet(
                labels.labels.filter { label in !more.contains { $0.name == label.name } } + more
                    + [Label(LabelSet.metricNameLabel, name)])
        }
        return [
            RecordedSample(
                labels: labelled("ALERTS", [Label("alertstate", state.rawValue)]), timestamp: time, value: 1),
            RecordedSample(
                labels: labelled("ALERTS_FOR_STATE"), timestamp: time, value: Double(activeAt) / 1000),
        ]
    }
}
