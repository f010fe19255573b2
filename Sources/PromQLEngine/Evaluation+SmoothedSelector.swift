import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// `foo smoothed`: at every step the value on the line between the samples around it that are no further away than the
    /// look-back. Behind the last sample its value goes on; before the first there is none.
    func smoothedVector(
        _ selector: VectorSelector, at place: Range<Int>, _ grid: StepGrid
    ) throws -> [StepSeries] {
        guard grid.count > 0 else { return [] }
        let moments = MomentTrack(
            grid, pinned: moment(of: selector.shift.anchor), shift: selector.shift.offset.milliseconds)
        let lookback = options.lookbackDelta
        let selected = try select(
            selector, at: place, after: moments.first - lookback, through: moments.last + lookback)
        return try selected.compactMap { series in
            try budget.charge(samples: moments.count)
            var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
            var column = StepColumn(count: moments.count)
            let samples = series.samples.withoutStaleMarkers
            for step in 0..<moments.count {
                let point = Self.smoothed(
                    samples, series.histograms, at: moments[step], lookback: lookback, &remarks)
                column.set(point, at: step)
            }
            for remark in remarks.all { annotations.add(remark.kind, remark.text, at: place) }
            return column.isEmpty ? nil : StepSeries(labels: series.labels, column: column)
        }
    }

    private static func smoothed(
        _ samples: SampleColumns, _ histograms: HistogramColumns, at moment: Int64, lookback: Int64,
        _ remarks: inout WindowRemarks
    ) -> StepPoint {
        func around(_ times: [Int64]) -> Range<Int> {
            times.firstIndex(after: moment - lookback)..<times.firstIndex(after: moment + lookback)
        }
        let (numbers, inside) = (around(samples.timestamps), around(histograms.timestamps))
        guard numbers.isEmpty || inside.isEmpty else {
            remarks.warn(HistogramRemark.mixedWithNumbers(remarks.metricName))
            return .absent
        }
        if inside.isEmpty {
            let value = try? smoothed(samples.timestamps, samples.values, numbers, at: moment) { _ in false }
            return value.map { StepPoint($0) } ?? .absent
        }
        do {
            // A number does not say whether it counts.
            let value = try smoothed(histograms.timestamps, histograms.histograms, inside, at: moment) {
                $0.counterReset != .gauge
            }
            return value.map { .histogram($0) } ?? .absent
        } catch {
            remarks.warn(HistogramRemark.mixedSchemas(remarks.metricName))
            return .absent
        }
    }

    private static func smoothed<Value: ExtendableValue>(
        _ times: [Int64], _ values: [Value], _ inside: Range<Int>, at moment: Int64, isCounter: (Value) -> Bool
    ) throws -> Value? {
        let next = times.firstIndex(after: moment - 1)
        if inside.contains(next), times[next] == moment { return values[next] }
        guard next > inside.lowerBound else { return nil }
        let previous = values[next - 1]
        guard next < inside.upperBound else { return previous }
        return try previous.interpolated(
            to: values[next], isCounter: isCounter(previous), part: Double(moment - times[next - 1]),
            whole: Double(times[next] - times[next - 1]))
    }
}
