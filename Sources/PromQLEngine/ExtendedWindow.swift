import NativeHistograms
import PromQLSyntax
import TimeSeriesStore

/// Which samples of a series a window of a selector with `anchored` or `smoothed` uses, numbers and histograms.
struct ExtendedWindow {
    /// Of the window, milliseconds; the start is excluded.
    let start: Int64
    let end: Int64
    let isSmoothed: Bool
    let numbers: Range<Int>
    let histograms: Range<Int>

    /// Nil if the window is empty. Samples as old as `lookback` before the window's start, and as young as that behind its end,
    /// are not looked at.
    init?(
        _ numberTimes: [Int64], _ histogramTimes: [Int64], start: Int64, end: Int64, lookback: Int64, isSmoothed: Bool
    ) {
        let columns = [numberTimes, histogramTimes]
        let oldest = start - lookback
        let newest = isSmoothed ? end + lookback : end
        // The last sample at or before the start, or else the first behind it.
        var from = Int64.min
        var next = Int64.max
        // The first sample at or after the end, if it is wanted, or else the last one before.
        var through = Int64.max
        var previous = Int64.min
        for times in columns {
            let inside = times.firstIndex(after: oldest)..<times.firstIndex(after: newest)
            guard !inside.isEmpty else { continue }
            let behindStart = times.firstIndex(after: start)
            if behindStart > inside.lowerBound { from = max(from, times[behindStart - 1]) }
            if behindStart < inside.upperBound { next = min(next, times[behindStart]) }
            let atEnd = times.firstIndex(after: isSmoothed ? end - 1 : end)
            if atEnd < inside.upperBound { through = min(through, times[atEnd]) }
            if atEnd > inside.lowerBound { previous = max(previous, times[atEnd - 1]) }
        }
        let first = from == .min ? next : from
        let last = through == .max ? previous : through
        guard first <= end, last > start else { return nil }
        func range(_ times: [Int64]) -> Range<Int> {
            let lower = times.firstIndex(after: first - 1)
            return lower..<max(lower, times.firstIndex(after: last))
        }
        self.start = start
        self.end = end
        self.isSmoothed = isSmoothed
        numbers = range(numberTimes)
        histograms = range(histogramTimes)
    }

    func samples<Value>(_ times: [Int64], _ values: [Value], _ range: Range<Int>) -> ExtendedSamples<Value> {
        ExtendedSamples(times: times[range], values: values[range], start: start, end: end, isSmoothed: isSmoothed)
    }
}

/// `rate`, `increase` and `delta` of windows of a selector with `anchored` or `smoothed`: nothing is extrapolated.
struct ExtendedChange {
    let isCounter: Bool
    let isPerSecond: Bool

    func point(
        _ window: ExtendedWindow, _ numbers: SampleColumns, _ histograms: HistogramColumns,
        _ remarks: inout WindowRemarks
    ) -> StepPoint {
        guard window.numbers.isEmpty || window.histograms.isEmpty else {
            remarks.warn(HistogramRemark.mixedWithNumbers(remarks.metricName))
            return .absent
        }
        let seconds = isPerSecond ? Double(window.end - window.start) / 1000 : 1
        if window.histograms.isEmpty {
            let samples = window.samples(numbers.timestamps, numbers.values, window.numbers)
            guard let change = try? samples.change(isCounter: isCounter).change else { return .absent }
            return StepPoint(change / seconds)
        }
        return histogram(window, histograms, seconds, &remarks).map { .histogram($0) } ?? .absent
    }

    private func histogram(
        _ window: ExtendedWindow, _ histograms: HistogramColumns, _ seconds: Double, _ remarks: inout WindowRemarks
    ) -> NativeHistogram? {
        let name = remarks.metricName
        let used = histograms.histograms[window.histograms]
        guard let first = used.first, let last = used.last else { return nil }
        guard !isCounter || used.allSatisfy({ $0.usesCustomBuckets == first.usesCustomBuckets }) else {
            remarks.warn(HistogramRemark.mixedSchemas(name))
            return nil
        }
        let samples = window.samples(histograms.timestamps, histograms.histograms, window.histograms)
        guard let (difference, combination) = try? samples.change(isCounter: isCounter) else {
            remarks.warn(HistogramRemark.mixedSchemas(name))
            return nil
        }
        if isCounter {
            if used.contains(where: { $0.counterReset == .gauge }) { remarks.warn(HistogramRemark.notCounter(name)) }
        } else if first.counterReset != .gauge || last.counterReset != .gauge {
            remarks.warn(HistogramRemark.notGauge(name))
        }
        remarks.note(combination.subtracting(.conflictingResets), .subtraction)
        var change = difference
        change.divide(by: seconds)
        change.counterReset = .gauge
        return change.compacted
    }
}
