import PromQLSyntax

/// Remarks about native histograms, in the words of Prometheus, which people search for.
enum HistogramRemark {
    private static func naming(_ text: String, _ metricName: String) -> String {
        metricName.isEmpty ? text : "\(text) for metric name \(metricName.promQLQuoted)"
    }

    static func ignoredInRange(_ metricName: String) -> String {
        naming("ignored histograms in a range containing both floats and histograms", metricName)
    }
}
