import NativeHistograms
import TimeSeriesStore

/// `sum_over_time` and `avg_over_time` of windows with histograms.
extension MixedWindow {
    /// What `combine` makes of the window's histograms; with numbers among them, nothing.
    fileprivate func total(
        _ remarks: inout WindowRemarks, ofNumbers: (Window) -> Double,
        _ combine: (Slice<[NativeHistogram]>) throws(HistogramMismatch) -> (NativeHistogram, HistogramCombination)?
    ) -> StepPoint {
        if let numbers {
            guard !hasHistograms else {
                remarks.warn(HistogramRemark.mixedWithNumbers(remarks.metricName))
                return .absent
            }
            return .number(ofNumbers(numbers))
        }
        do {
            guard let (total, combination) = try combine(Slice(base: columns.histograms, bounds: histograms)) else {
                return .absent
            }
            remarks.note(combination, .aggregation)
            return .histogram(total)
        } catch {
            remarks.warn(HistogramRemark.mixedSchemas(remarks.metricName))
            return .absent
        }
    }
}

extension CompensatedSum {
    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        window.total(&remarks, ofNumbers: value) { (histograms) throws(HistogramMismatch) in
            guard let first = histograms.first else { return nil }
            var sum = HistogramSum(first)
            for histogram in histograms.dropFirst() { try sum.add(histogram) }
            return (sum.value, sum.remarks)
        }
    }
}

extension Average {
    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        window.total(&remarks, ofNumbers: value) { (histograms) throws(HistogramMismatch) in
            guard let first = histograms.first else { return nil }
            var mean = HistogramMean(first)
            for histogram in histograms.dropFirst() { try mean.add(histogram) }
            return (mean.value, mean.remarks)
        }
    }
}
