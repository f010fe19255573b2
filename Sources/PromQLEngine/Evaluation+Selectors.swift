import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Samples of one series, stale markers left out, for functions over windows.
struct WindowedSeries {
    let labels: LabelSet
    let dropsName: Bool
    let samples: SampleColumns
}

/// A range vector over a grid: at every step, the samples of a window that is open on the left and closed on the right.
struct WindowSet {
    let series: [WindowedSeries]
    let grid: StepGrid
    /// Milliseconds.
    let length: Int64
    let shift: Int64
    /// The moment of evaluation for all steps, if `@` pins it.
    let pinned: Int64?

    /// `start` is excluded.
    func bounds(at step: Int) -> (start: Int64, end: Int64) {
        let end = (pinned ?? grid.time(step)) - shift
        return (end - length, end)
    }
}

extension Evaluation {
    func moment(of anchor: TimeShift.Anchor?) -> Int64? {
        switch anchor {
        case .time(let time): time
        case .queryStart: queryGrid.start
        case .queryEnd: queryGrid.end
        case nil: nil
        }
    }

    private func select(
        _ selector: VectorSelector, after: Int64, through: Int64
    ) throws -> [SelectedSeries] {
        let matchers = try selector.matchers.compiled(in: query)
        guard after < through else { return [] }
        let selection = SeriesSelection(matchers: matchers, range: TimeRange(from: after + 1, through: through))
        return try store.select(selection, budget: budget)
    }

    /// At every step the newest sample within the look-back, unless it is a stale marker.
    func instantVector(
        _ selector: VectorSelector, _ grid: StepGrid, givesTimestamps: Bool = false
    ) throws -> [StepSeries] {
        guard grid.count > 0 else { return [] }
        let pinned = moment(of: selector.shift.anchor)
        let shift = selector.shift.offset
        let first = (pinned ?? grid.start) - shift
        let last = (pinned ?? grid.end) - shift
        let lookback = options.lookbackDelta
        let selected = try select(selector, after: first - lookback, through: last)
        var out: [StepSeries] = []
        out.reserveCapacity(selected.count)
        for series in selected {
            try budget.charge(samples: grid.count)
            let count = series.samples.count
            var values = [Double](repeating: .absent, count: grid.count)
            var next = 0
            var isEmpty = true
            series.samples.timestamps.withUnsafeBufferPointer { times in
                series.samples.values.withUnsafeBufferPointer { samples in
                    for step in 0..<grid.count {
                        let moment = (pinned ?? grid.time(step)) - shift
                        // `next` stays within 0...count, and both columns have `count` elements.
                        while next < count, times[next] <= moment { next += 1 }
                        guard next > 0, times[next - 1] > moment - lookback, samples[next - 1].isPresent else {
                            continue
                        }
                        values[step] = givesTimestamps ? Double(times[next - 1]) / 1000 : samples[next - 1]
                        isEmpty = false
                    }
                }
            }
            if !isEmpty { out.append(StepSeries(labels: series.labels, values: values)) }
        }
        return out
    }

    /// The windows of a range vector: a selector with a range, or a subquery.
    func windows(of expression: PromQLExpression, _ grid: StepGrid) throws -> WindowSet {
        switch expression.withoutParentheses.node {
        case .matrix(let selector, let length): return try windows(selector, length, grid)
        case .subquery(let subquery): return try windows(subquery, grid)
        default: throw PromQLError(execution: "expected a range vector", range: expression.range)
        }
    }

    private func windows(_ selector: VectorSelector, _ length: Int64, _ grid: StepGrid) throws -> WindowSet {
        let pinned = moment(of: selector.shift.anchor)
        let shift = selector.shift.offset
        let selected =
            grid.count == 0
            ? []
            : try select(
                selector, after: (pinned ?? grid.start) - shift - length, through: (pinned ?? grid.end) - shift)
        let series = selected.map { series in
            WindowedSeries(labels: series.labels, dropsName: false, samples: series.samples.withoutStaleMarkers)
        }
        return WindowSet(series: series, grid: grid, length: length, shift: shift, pinned: pinned)
    }

    /// The inner expression is evaluated once, on a grid that covers all windows and whose moments are multiples of its
    /// step, whatever the windows' ends are.
    private func windows(_ subquery: Subquery, _ grid: StepGrid) throws -> WindowSet {
        let pinned = moment(of: subquery.shift.anchor)
        let shift = subquery.shift.offset
        let step = subquery.step ?? options.defaultSubqueryStep
        let after = (pinned ?? grid.start) - shift - subquery.range
        let through = (pinned ?? grid.end) - shift
        var first = after / step * step
        if first <= after { first += step }
        let inner = try StepGrid(from: first, through: grid.count == 0 ? first - 1 : through, step: step)
        try budget.charge(samples: inner.count)
        let series = try vector(subquery.expression, inner).map { element in
            WindowedSeries(
                labels: element.labels, dropsName: element.dropsName, samples: element.values.samples(on: inner))
        }
        return WindowSet(series: series, grid: grid, length: subquery.range, shift: shift, pinned: pinned)
    }
}

extension SampleColumns {
    /// Windows are of samples only; where a series ended does not matter to them.
    var withoutStaleMarkers: SampleColumns {
        guard values.contains(where: \.isAbsent) else { return self }
        var kept = SampleColumns()
        for (index, value) in values.enumerated() where value.isPresent {
            kept.timestamps.append(timestamps[index])
            kept.values.append(value)
        }
        return kept
    }
}
