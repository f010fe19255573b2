import IngestLog
import TelemetryModel

/// Which series began since some time, by metric and by source.
struct SeriesGrowth: Sendable {
    /// The time that holds: the one asked for, rounded down to a minute.
    let since: Int64
    let series: Int
    let metrics: [(name: String, count: Int)]
    let sources: [(name: String, count: Int)]
    /// By how many a count may be too small; 0 unless there are very many different names.
    let error: Int

    private static let portion = 4096

    /// O(new series), in bounded memory. Blocks on SQLite.
    init(in log: IngestLog, since time: Int64, limit: Int) throws {
        let (first, since) = try log.seriesBegun(since: time)
        self.since = since
        var metrics = FrequentNames()
        var sources = FrequentNames()
        let end = log.registry.count
        for start in stride(from: first, to: end, by: SeriesGrowth.portion) {
            for labels in log.registry.labels(from: start, to: min(start + SeriesGrowth.portion, end)) {
                metrics.add(labels.metricName ?? "")
                sources.add(labels["source_id"] ?? "")
            }
        }
        series = end - first
        self.metrics = metrics.largest(limit)
        self.sources = sources.largest(limit)
        error = max(metrics.error, sources.error)
    }
}
