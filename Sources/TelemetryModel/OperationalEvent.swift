/// A record that says something happened: it had a message, or a severity of `warning` or above.
package struct OperationalEvent: Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let timestamp: Int64
    /// The series that the record's sample belongs to: source, metric, severity and tags.
    package let labels: LabelSet
    package let value: Double
    package let message: String?

    package init(timestamp: Int64, labels: LabelSet, value: Double, message: String?) {
        self.timestamp = timestamp
        self.labels = labels
        self.value = value
        self.message = message
    }

    package var severity: Severity? { labels[Severity.labelName].flatMap(Severity.init(rawValue:)) }
}
