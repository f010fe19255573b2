package import TelemetryModel

/// A sample that a rule made, to be stored.
package struct RecordedSample: Sendable, Equatable {
    package let labels: LabelSet
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let timestamp: Int64
    package let value: Double

    package init(labels: LabelSet, timestamp: Int64, value: Double) {
        self.labels = labels
        self.timestamp = timestamp
        self.value = value
    }

    /// Whether it says that the series has ended.
    package var isStaleMarker: Bool { value.isStaleMarker }

    /// Bitwise for the value.
    package static func == (a: RecordedSample, b: RecordedSample) -> Bool {
        a.labels == b.labels && a.timestamp == b.timestamp && a.value.bitPattern == b.value.bitPattern
    }
}
