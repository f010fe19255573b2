import TelemetryModel

/// What may be in an exemplar. One that is beyond it is left out and counted; its sample is taken all the same.
enum ExemplarLabels {
    /// Characters of all names and values together that OpenMetrics allows
    /// (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars).
    static let openMetricsCharacters = 128
    /// The same where the protocol sets no bound: several identifiers and some words besides.
    static let characters = 1024
    static let most = 32
    /// Beyond which a text need not be looked at: a character has four bytes at most.
    static let bytes = 4 * characters

    /// The labels in order, those with an empty value left out; nil if they are beyond the bounds, or a name is empty or stands
    /// there twice.
    static func checked(_ labels: [Label], characters limit: Int) -> LabelSet? {
        guard labels.count <= most, characterCount(of: labels) <= limit, !labels.contains(where: { $0.name.isEmpty })
        else { return nil }
        for (index, label) in labels.enumerated() where labels[..<index].contains(where: { $0.name == label.name }) {
            return nil
        }
        return LabelSet(labels)
    }

    static func characterCount(of labels: [Label]) -> Int {
        labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
    }
}

extension Exemplar {
    /// Nil for a time that no sample may have either.
    init?(checked labels: LabelSet?, value: Double, timestamp: Int64) {
        guard let labels, ContractTimestamp.range.contains(timestamp) else { return nil }
        self.init(labels: labels, value: value, timestamp: timestamp)
    }
}
