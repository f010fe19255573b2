import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// `anchored` and `smoothed`.
extension Evaluation {
    /// Functions of a range vector with `anchored` or `smoothed`, of those that can be used with them.
    func extendedRangeFunction(
        _ function: PromQLFunction, _ operand: PromQLExpression, _ extended: ExtendedRange, _ grid: StepGrid
    ) throws -> [StepSeries] {
        guard extended.functions.contains(function) else {
            throw PromQLError(
                execution: "\(extended.rawValue) modifier can only be used with: "
                    + extended.functions.map(\.rawValue).joined(separator: ", ") + " - not with \(function.rawValue)",
                range: operand.range)
        }
        let windows = try windows(of: operand, grid)
        switch function {
        case .changes: return try anchoredCount(windows, NeighbourCount.changes)
        case .resets: return try anchoredCount(windows, NeighbourCount.resets)
        default:
            let change = ExtendedChange(isCounter: function != .delta, isPerSecond: function == .rate)
            let series = try extendedChange(windows, change, isSmoothed: extended == .smoothed)
            if function != .delta { informAboutGauges(series, at: operand.range) }
            return series
        }
    }

    private func extendedChange(
        _ windows: WindowSet, _ change: ExtendedChange, isSmoothed: Bool
    ) throws -> [StepSeries] {
        let lookback = options.lookbackDelta
        return try outcomes(windows) { [budget] series in
            var meter = BudgetMeter(budget)
            let samples = series.samples.withoutStaleMarkers
            let ends = windows.ends
            var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
            var column = StepColumn(count: ends.count)
            for step in 0..<ends.count {
                let window = ExtendedWindow(
                    samples.timestamps, series.histograms.timestamps, start: ends[step] - windows.length,
                    end: ends[step], lookback: lookback, isSmoothed: isSmoothed)
                guard let window else { continue }
                try meter.add(window.numbers.count + BudgetMeter.element * window.histograms.count)
                column.set(change.point(window, samples, series.histograms, &remarks), at: step)
            }
            return WindowOutcome(
                series: column.isEmpty ? nil : StepSeries(labels: series.labels, dropsName: true, column: column),
                remarks: remarks.all)
        }
    }

    /// `changes` and `resets` from the anchor on, be it a number or a histogram.
    private func anchoredCount(_ windows: WindowSet, _ count: NeighbourCount) throws -> [StepSeries] {
        let lookback = options.lookbackDelta
        return try outcomes(windows) { [budget] series in
            var meter = BudgetMeter(budget)
            let samples = series.samples.withoutStaleMarkers
            let histograms = series.histograms
            let ends = windows.ends
            let moments = MomentTrack(windows.grid, pinned: nil, shift: 0)
            let starts = series.starts.column(at: histograms.timestamps)
            var count = count
            if !series.starts.isEmpty { count.setStarts(series.starts.column(at: samples.timestamps)) }
            var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
            var column = StepColumn(count: ends.count)
            try samples.timestamps.withUnsafeBufferPointer { times in
                try samples.values.withUnsafeBufferPointer { values in
                    count.prepare(times, values)
                    for step in 0..<ends.count {
                        let (start, end) = (ends[step] - windows.length, ends[step])
                        let used = ExtendedWindow(
                            samples.timestamps, histograms.timestamps, start: start, end: end, lookback: lookback,
                            isSmoothed: false)
                        guard let used else { continue }
                        try meter.add(used.numbers.count + BudgetMeter.element * used.histograms.count)
                        var numbers: Window?
                        if !used.numbers.isEmpty {
                            numbers = Window(
                                times: times, values: values, lower: used.numbers.lowerBound,
                                upper: used.numbers.upperBound, start: start, end: end, step: step,
                                moment: moments[step])
                        }
                        let window = MixedWindow(
                            numbers: numbers, columns: histograms, histograms: used.histograms, starts: starts,
                            start: start, end: end, step: step)
                        column.set(count.point(window, &remarks), at: step)
                    }
                }
            }
            return WindowOutcome(
                series: column.isEmpty ? nil : StepSeries(labels: series.labels, dropsName: true, column: column),
                remarks: remarks.all)
        }
    }

    /// The samples of a range vector with `anchored` or `smoothed` as a result: those in the window and the values at its ends.
    func extendedSamples(_ windows: WindowSet, _ extended: ExtendedRange) throws -> [MatrixSeries] {
        let end = windows.ends.first
        return try series(of: windows).compactMap { series in
            let samples = series.samples.withoutStaleMarkers
            let window = ExtendedWindow(
                samples.timestamps, series.histograms.timestamps, start: end - windows.length, end: end,
                lookback: options.lookbackDelta, isSmoothed: extended == .smoothed)
            guard let window else { return nil }
            guard window.numbers.isEmpty || window.histograms.isEmpty else {
                annotations.warn(
                    HistogramRemark.mixedWithNumbers(series.labels.metricName ?? ""), at: windows.range)
                return nil
            }
            if window.histograms.isEmpty {
                let used = try window.samples(samples.timestamps, samples.values, window.numbers).samples()
                return MatrixSeries(
                    labels: series.labels, samples: SampleColumns(timestamps: used.times, values: used.values))
            }
            let all = window.samples(series.histograms.timestamps, series.histograms.histograms, window.histograms)
            guard let used = try? all.samples() else {
                annotations.warn(HistogramRemark.mixedSchemas(series.labels.metricName ?? ""), at: windows.range)
                return nil
            }
            return MatrixSeries(
                labels: series.labels, samples: SampleColumns(),
                histograms: HistogramColumns(timestamps: used.times, histograms: used.values))
        }
    }
}

extension ExtendedRange {
    /// In alphabetical order, as the error that lists them has it.
    fileprivate var functions: [PromQLFunction] {
        switch self {
        case .anchored: [.changes, .delta, .increase, .rate, .resets]
        case .smoothed: [.delta, .increase, .rate]
        }
    }
}

extension PromQLExpression {
    /// Of a range vector.
    var extendedRange: ExtendedRange? {
        if case .matrix(let selector, _) = withoutParentheses.node { selector.extended } else { nil }
    }
}
