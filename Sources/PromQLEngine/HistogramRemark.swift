import NativeHistograms
import PromQLSyntax

/// Remarks about native histograms, in the words of Prometheus, which people search for.
enum HistogramRemark {
    /// What two histograms were put together for.
    enum Operation: String {
        case addition, subtraction, aggregation
    }

    private static func naming(_ text: String, _ metricName: String) -> String {
        metricName.isEmpty ? text : "\(text) for metric name \(metricName.promQLQuoted)"
    }

    static func ignoredInRange(_ metricName: String) -> String {
        "ignored histograms in a range containing both floats and histograms for metric name "
            + metricName.promQLQuoted
    }

    static func ignored(in aggregation: String) -> String { "ignored histogram in \(aggregation) aggregation" }

    static func mixedWithNumbers(_ metricName: String) -> String {
        "encountered a mix of histograms and floats for metric name \(metricName.promQLQuoted)"
    }

    static let mixedInAggregation = "encountered a mix of histograms and floats for aggregation"

    static func mixedSchemas(_ metricName: String) -> String {
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            + metricName.promQLQuoted
    }

    static func mixedWithClassic(_ metricName: String) -> String {
        naming("vector contains a mix of classic and native histograms", metricName)
    }

    static func notCounter(_ metricName: String) -> String {
        "this native histogram metric is not a counter: \(metricName.promQLQuoted)"
    }

    static func notGauge(_ metricName: String) -> String {
        "this native histogram metric is not a gauge: \(metricName.promQLQuoted)"
    }

    static func incompatibleTypes(_ left: String, _ operator: String, _ right: String) -> String {
        "incompatible sample types encountered for binary operator \(`operator`.promQLQuoted): "
            + "\(left) \(`operator`) \(right)"
    }

    static func incompatibleBuckets(_ operator: String) -> String {
        "incompatible bucket layout encountered for binary operator \(`operator`)"
    }

    static func conflictingResets(_ operation: Operation) -> String {
        "conflicting counter resets during histogram \(operation.rawValue)"
    }

    static func reconciledBounds(_ operation: Operation) -> String {
        "mismatched custom buckets were reconciled during \(operation.rawValue)"
    }

    static func malformedBound(_ text: String, _ metricName: String) -> String {
        naming("bucket label \"le\" is missing or has a malformed value of \(text.promQLQuoted)", metricName)
    }

    static func forcedMonotonic(_ metricName: String) -> String {
        naming(
            "input to histogram_quantile needed to be fixed for monotonicity (see "
                + "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)", metricName)
    }

    /// Nil if no observation was NaN.
    static func nansInQuantile(_ effect: HistogramEstimate.NaNEffect, _ metricName: String) -> String? {
        switch effect {
        case .none: nil
        case .skewed:
            naming("input to histogram_quantile has NaN observations, result is skewed higher", metricName)
        case .result: naming("input to histogram_quantile has NaN observations, result is NaN", metricName)
        }
    }

    static func nansInFraction(_ metricName: String) -> String {
        naming(
            "input to histogram_fraction has NaN observations, which are excluded from all fractions", metricName)
    }
}

extension WindowRemarks {
    /// What is to be said about histograms that were put together.
    mutating func note(_ combination: HistogramCombination, _ operation: HistogramRemark.Operation) {
        if combination.contains(.conflictingResets) { warn(HistogramRemark.conflictingResets(operation)) }
        if combination.contains(.reconciledBounds) { inform(HistogramRemark.reconciledBounds(operation)) }
    }
}

extension AnnotationList {
    /// What is to be said about histograms that were put together.
    func note(
        _ combination: HistogramCombination, _ operation: HistogramRemark.Operation, at range: Range<Int>
    ) {
        if combination.contains(.conflictingResets) { warn(HistogramRemark.conflictingResets(operation), at: range) }
        if combination.contains(.reconciledBounds) { inform(HistogramRemark.reconciledBounds(operation), at: range) }
    }
}
