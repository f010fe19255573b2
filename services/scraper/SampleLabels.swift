import Relabelling
import ScrapeConfig
import TelemetryModel
import WireFormats

/// Makes the labels of a target's series: its own, those of the target, and what `metric_relabel_configs` does.
struct SampleLabels: Sendable {
    /// Of the target, without those that begin with `__`.
    let target: LabelSet
    let honorsLabels: Bool
    let rules: [RelabelRule]
    let limits: ScrapeLimits

    init(_ target: ScrapeTarget, _ job: ScrapeJob) {
        self.target = target.labels
        honorsLabels = job.honorLabels
        rules = job.metricRelabelling
        limits = job.limits
    }

    /// - Parameter spelled: as the target writes them.
    func outcome(_ spelled: [Label]) -> SeriesTransform.Outcome {
        let merged = honorsLabels ? honoring(spelled) : overriding(spelled)
        guard let labels = rules.apply(to: LabelSet(merged)), !labels.isEmpty else { return .dropped }
        if let excess = excess(in: labels) { return .refused(excess) }
        return .series(labels.labels)
    }

    /// The series' own labels stand, even empty ones, which keep those of the target away.
    private func honoring(_ spelled: [Label]) -> [Label] {
        spelled + target.labels.filter { label in !spelled.contains { $0.name == label.name } }
    }

    /// The target's labels stand; the series' own get `exported_` before their name, as often as it takes.
    private func overriding(_ spelled: [Label]) -> [Label] {
        var labels = spelled.filter { !$0.value.isEmpty }
        let conflicting = labels.filter { target[$0.name] != nil }.sorted { $0.name.utf8.count < $1.name.utf8.count }
        guard !conflicting.isEmpty else { return labels + target.labels }
        labels.removeAll { target[$0.name] != nil }
        labels += target.labels
        for label in conflicting {
            var name = "exported_" + label.name
            while labels.contains(where: { $0.name == name }) { name = "exported_" + name }
            labels.append(Label(name, label.value))
        }
        return labels
    }

    private func excess(in labels: LabelSet) -> String? {
        let metric = labels.metricName ?? ""
        if limits.labels > 0, labels.labels.count > limits.labels {
            return
                "label_limit exceeded (metric: \(metric.prefix(50)), number of labels: \(labels.labels.count), limit: "
                + "\(limits.labels))"
        }
        for label in labels.labels {
            let (name, value) = (label.name.utf8.count, label.value.utf8.count)
            if limits.labelNameLength > 0, name > limits.labelNameLength {
                return "label_name_length_limit exceeded (metric: \(metric.prefix(50)), label name: "
                    + "\(label.name.prefix(50)), length: \(name), limit: \(limits.labelNameLength))"
            }
            if limits.labelValueLength > 0, value > limits.labelValueLength {
                return "label_value_length_limit exceeded (metric: \(metric.prefix(50)), label name: "
                    + "\(label.name.prefix(50)), length: \(value), limit: \(limits.labelValueLength))"
            }
        }
        return nil
    }
}
