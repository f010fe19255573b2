/// One observation that stands for many of a series: the request behind a count, with what leads to its trace
/// (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars).
package struct Exemplar: Hashable, Sendable {
    /// Its own, such as `trace_id`; not those of its series.
    package let labels: LabelSet
    /// In the unit of what is observed, whatever its series counts.
    package let value: Double
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let timestamp: Int64

    package init(labels: LabelSet, value: Double, timestamp: Int64) {
        self.labels = labels
        self.value = value
        self.timestamp = timestamp
    }

    /// NaN equals itself, so that an exemplar that comes twice is one.
    package static func == (a: Exemplar, b: Exemplar) -> Bool {
        a.timestamp == b.timestamp && (a.value == b.value || (a.value.isNaN && b.value.isNaN)) && a.labels == b.labels
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(timestamp)
        hasher.combine(value.isNaN ? .nan : value)
        hasher.combine(labels)
    }
}

/// An exemplar with its series.
package struct SeriesExemplar: Hashable, Sendable {
    package let series: SeriesReference
    package let exemplar: Exemplar

    package init(series: SeriesReference, exemplar: Exemplar) {
        self.series = series
        self.exemplar = exemplar
    }
}
