import TelemetryModel

/// The series that say how a scrape went, by their references: `up` and `scrape_…`.
struct ScrapeReport: Sendable {
    static let names = [
        "up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
    ]

    /// In the order of `names`.
    let references: [SeriesReference]

    /// - Parameter labels: of the target's series.
    init(_ labels: LabelSet, in registry: SeriesRegistry) throws(SeriesBudgetExceeded) {
        var references: [SeriesReference] = []
        for name in Self.names {
            let series = LabelSet(labels.labels + [Label(LabelSet.metricNameLabel, name)])
            references.append(try registry.register(series))
        }
        self.references = references
    }

    func append(
        isUp: Bool, duration: Duration, scraped: Int, kept: Int, added: Int, at time: Int64,
        to batch: inout TelemetryBatch
    ) {
        let (seconds, attoseconds) = duration.components
        let values = [
            isUp ? 1 : 0, Double(seconds) + Double(attoseconds) / 1e18, Double(scraped), Double(kept), Double(added),
        ]
        for (reference, value) in zip(references, values) { batch.append(reference, at: time, value: value) }
    }
}
