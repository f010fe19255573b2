import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// `start_timestamp`: when the counting of each selected sample began, seconds, 0 where that is not known. What an
    /// expression made has no start, so there is a result for selectors only.
    func startTimestamps(of operand: PromQLExpression, _ grid: StepGrid) throws -> [StepSeries] {
        let bare = operand.withoutParentheses
        guard case .selector(let selector) = bare.node else {
            _ = try vector(operand, grid)
            return []
        }
        guard grid.count > 0 else { return [] }
        let moments = MomentTrack(
            grid, pinned: moment(of: selector.shift.anchor), shift: selector.shift.offset.milliseconds)
        let lookback = options.lookbackDelta
        let selected = try select(selector, at: bare.range, after: moments.first - lookback, through: moments.last)
        return try selected.compactMap { series in
            try budget.charge(samples: moments.count)
            let times = Self.newest(series, moments, lookback, givesTimestamps: true)
            guard !times.isEmpty else { return nil }
            var starts: [Int64: Int64] = [:]
            for (time, start) in zip(series.starts.timestamps, series.starts.starts) { starts[time] = start }
            let values = times.values.mapPresent { seconds in
                Double(starts[Int64((seconds * 1000).rounded())] ?? 0) / 1000
            }
            return StepSeries(labels: series.labels, dropsName: true, values: values)
        }
    }
}
