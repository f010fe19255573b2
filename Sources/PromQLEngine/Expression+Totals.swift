import NativeHistograms
import PromQLSyntax
import TimeSeriesStore

/// Which selectors need no buckets: those under `histogram_count`, `histogram_sum` and `histogram_avg`, if nothing on the way
/// needs buckets. As in Prometheus, counter resets in their histograms are looked for at once, with the buckets still there,
/// which shows in remarks about conflicting resets.
extension PromQLExpression {
    /// Where these selectors stand in the query.
    var selectorsOfTotals: Set<Range<Int>> {
        var places: Set<Range<Int>> = []
        collect([], &places)
        return places
    }

    private enum Use {
        case totals, buckets, other
    }

    /// `path` has what stands around this, the innermost last. False if the rest of the query is not to be looked at: as in
    /// Prometheus, only the first selector of each side of an operator is.
    @discardableResult
    private func collect(_ path: [Use], _ places: inout Set<Range<Int>>) -> Bool {
        switch node {
        case .binary(let binary):
            binary.left.collect([], &places)
            binary.right.collect([], &places)
            return false
        case .selector, .matrix:
            // A function that needs buckets counts only up to the first that does not.
            var isOfTotals = false
            for use in path.reversed() {
                if use == .buckets {
                    isOfTotals = false
                    break
                }
                if use == .totals { isOfTotals = true }
            }
            if isOfTotals { places.insert(range) }
            return false
        case .subquery: return collectChildren(path + [.buckets], &places)
        case .call(let function, _):
            switch function {
            case .histogramCount, .histogramSum, .histogramAvg: return collectChildren(path + [.totals], &places)
            case .histogramQuantile, .histogramQuantiles, .histogramFraction:
                return collectChildren(path + [.buckets], &places)
            default: return collectChildren(path, &places)
            }
        default: return collectChildren(path, &places)
        }
    }

    private func collectChildren(_ path: [Use], _ places: inout Set<Range<Int>>) -> Bool {
        for child in children where !child.collect(path, &places) { return false }
        return true
    }
}

extension SelectedSeries {
    /// Histograms without buckets that say whether counting began anew, as far as there is a histogram before.
    var withTotalsOnly: SelectedSeries {
        guard !histograms.isEmpty else { return self }
        var previous: NativeHistogram?
        let totals = histograms.histograms.map { histogram in
            var hint = histogram.counterReset
            if hint == .unknown, let previous { hint = histogram.isReset(after: previous) ? .reset : .notReset }
            previous = histogram
            return NativeHistogram(
                schema: histogram.schema, counterReset: hint, count: histogram.count, sum: histogram.sum)
        }
        return SelectedSeries(
            labels: labels, samples: samples,
            histograms: HistogramColumns(timestamps: histograms.timestamps, histograms: totals), starts: starts,
            summaries: summaries)
    }
}
