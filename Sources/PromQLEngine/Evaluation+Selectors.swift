import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Samples of one series for functions over windows. Stale markers may be among them, to be left out where the samples
/// are looked at, while they are in the processor's cache.
struct WindowedSeries: Sendable {
    let labels: LabelSet
    let dropsName: Bool
    let samples: SampleColumns
    /// Samples that are native histograms. No time is both here and in `samples`.
    var histograms = HistogramColumns()
    /// When the counting of some samples began, numbers or histograms.
    var starts = StartColumns()
    /// Stand for samples that are not in `samples`; only where they were asked for.
    var summaries: [SampleSummary] = []
}

/// A range vector over a grid: at every step, the samples of a window that is open on the left and closed on the right.
struct WindowSet: Sendable {
    let series: [WindowedSeries]
    /// Where the range vector stands in the query.
    let range: Range<Int>
    let grid: StepGrid
    /// Milliseconds.
    let length: Int64
    let shift: Int64
    /// The moment of evaluation for all steps, if `@` pins it.
    let pinned: Int64?

    /// Where the windows end.
    var ends: MomentTrack { MomentTrack(grid, pinned: pinned, shift: shift) }

    /// Of all series, a summary counted as one.
    var sampleCount: Int {
        series.reduce(0) { $0 + $1.samples.count + $1.histograms.count + $1.summaries.count }
    }

    var hasHistograms: Bool { series.contains { !$0.histograms.isEmpty } }
    var hasStarts: Bool { series.contains { !$0.starts.isEmpty } }
}

/// The moments that the steps of a grid look at: evenly spaced, or all the same. Nothing but numbers, for inner loops.
struct MomentTrack: Sendable {
    let first: Int64
    let increment: Int64
    let count: Int

    init(_ grid: StepGrid, pinned: Int64?, shift: Int64) {
        first = (pinned ?? grid.start) - shift
        increment = pinned == nil ? grid.step : 0
        count = grid.count
    }

    subscript(step: Int) -> Int64 { first + Int64(step) * increment }

    /// The last moment; the first if there are no steps.
    var last: Int64 { self[max(0, count - 1)] }

    /// The windows that end at these moments (at least one), each of them once.
    func grid(length: Int64) -> WindowGrid {
        let isSingle = increment == 0 || count == 1
        return WindowGrid(firstEnd: first, step: isSingle ? 0 : increment, count: isSingle ? 1 : count, length: length)
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

    func select(
        _ selector: VectorSelector, at place: Range<Int>, after: Int64, through: Int64, windows: WindowGrid? = nil
    ) throws -> [SelectedSeries] {
        let matchers = try selector.matchers.compiled(in: query)
        guard after < through else { return [] }
        let range = TimeRange(from: after + 1, through: through)
        let selected = try store.select(
            SeriesSelection(matchers: matchers, range: range, windows: windows), budget: budget)
        return totalsOnly.contains(place) ? selected.map(\.withTotalsOnly) : selected
    }

    /// At every step the newest sample within the look-back, unless it is a stale marker.
    func instantVector(
        _ selector: VectorSelector, at place: Range<Int>, _ grid: StepGrid, givesTimestamps: Bool = false
    ) throws -> [StepSeries] {
        guard grid.count > 0 else { return [] }
        let moments = MomentTrack(
            grid, pinned: moment(of: selector.shift.anchor), shift: selector.shift.offset.milliseconds)
        let lookback = options.lookbackDelta
        let selected = try select(selector, at: place, after: moments.first - lookback, through: moments.last)
        return try ParallelChunks.map(selected) { [budget] part in
            try part.compactMap { series in
                try budget.charge(samples: moments.count)
                guard series.histograms.isEmpty else {
                    let column = Self.newest(series, moments, lookback, givesTimestamps: givesTimestamps)
                    return column.isEmpty ? nil : StepSeries(labels: series.labels, column: column)
                }
                var isEmpty = true
                let values = [Double](unsafeUninitializedCapacity: moments.count) { column, count in
                    isEmpty = !Self.fillNewest(series.samples, moments, lookback, givesTimestamps, into: column)
                    count = moments.count
                }
                return isEmpty ? nil : StepSeries(labels: series.labels, values: values)
            }
        }
    }

    /// Initialises the first `moments.count` elements of `column`. False if all are absent.
    private static func fillNewest(
        _ samples: SampleColumns, _ moments: MomentTrack, _ lookback: Int64, _ givesTimestamps: Bool,
        into column: UnsafeMutableBufferPointer<Double>
    ) -> Bool {
        samples.timestamps.withUnsafeBufferPointer { times in
            samples.values.withUnsafeBufferPointer { values in
                var next = 0
                var isAnyPresent = false
                for step in 0..<moments.count {
                    let moment = moments[step]
                    // `next` stays within 0...times.count, and both columns are equally long.
                    while next < times.count, times[next] <= moment { next += 1 }
                    var value = Double.absent
                    if next > 0, times[next - 1] > moment - lookback, values[next - 1].isPresent {
                        value = givesTimestamps ? Double(times[next - 1]) / 1000 : values[next - 1]
                        isAnyPresent = true
                    }
                    column.initializeElement(at: step, to: value)
                }
                return isAnyPresent
            }
        }
    }

    /// As `fillNewest` for a series with native histograms.
    static func newest(
        _ series: SelectedSeries, _ moments: MomentTrack, _ lookback: Int64, givesTimestamps: Bool
    ) -> StepColumn {
        var column = StepColumn(count: moments.count)
        let (samples, histograms) = (series.samples, series.histograms)
        var nextSample = 0
        var nextHistogram = 0
        for step in 0..<moments.count {
            let moment = moments[step]
            while nextSample < samples.count, samples.timestamps[nextSample] <= moment { nextSample += 1 }
            while nextHistogram < histograms.count, histograms.timestamps[nextHistogram] <= moment {
                nextHistogram += 1
            }
            let sampleTime = nextSample > 0 ? samples.timestamps[nextSample - 1] : .min
            let histogramTime = nextHistogram > 0 ? histograms.timestamps[nextHistogram - 1] : .min
            let time = max(sampleTime, histogramTime)
            guard time > moment - lookback else { continue }
            let isHistogram = histogramTime > sampleTime
            if !isHistogram, samples.values[nextSample - 1].isAbsent { continue }
            if givesTimestamps {
                column.set(.number(Double(time) / 1000), at: step)
            } else if isHistogram {
                column.set(.histogram(histograms.histograms[nextHistogram - 1]), at: step)
            } else {
                column.set(.number(samples.values[nextSample - 1]), at: step)
            }
        }
        return column
    }

    /// The windows of a range vector: a selector with a range, or a subquery. Series of a selector may come with summaries
    /// in place of samples where each of them satisfies `servesSummary`; without it, there are none.
    func windows(
        of expression: PromQLExpression, _ grid: StepGrid, servesSummary: (@Sendable (SampleSummary) -> Bool)? = nil
    ) throws -> WindowSet {
        let bare = expression.withoutParentheses
        switch bare.node {
        case .matrix(let selector, let length):
            return try windows(selector, length.milliseconds, at: bare.range, grid, servesSummary)
        case .subquery(let subquery): return try windows(subquery, at: bare.range, grid)
        default: throw PromQLError(execution: "expected a range vector", range: expression.range)
        }
    }

    private func windows(
        _ selector: VectorSelector, _ length: Int64, at range: Range<Int>, _ grid: StepGrid,
        _ servesSummary: (@Sendable (SampleSummary) -> Bool)?
    ) throws -> WindowSet {
        let pinned = moment(of: selector.shift.anchor)
        let shift = selector.shift.offset.milliseconds
        let ends = MomentTrack(grid, pinned: pinned, shift: shift)
        // What lies around the windows of `anchored` and `smoothed` is left to those who look at it.
        let before = selector.extended == nil ? 0 : options.lookbackDelta
        let behind = selector.extended == .smoothed ? options.lookbackDelta : 0
        func samples(_ windows: WindowGrid?) throws -> [SelectedSeries] {
            try select(
                selector, at: range, after: ends.first - length - before, through: ends.last + behind,
                windows: windows)
        }
        var selected: [SelectedSeries] = []
        if grid.count > 0 {
            selected = try samples(servesSummary.map { _ in ends.grid(length: length) })
            // Rare, and not the store's to know. What was read in vain is charged as well.
            if let servesSummary, selected.contains(where: { !$0.isServed(by: servesSummary) }) {
                selected = try samples(nil)
            }
        }
        let series = selected.map { series in
            WindowedSeries(
                labels: series.labels, dropsName: false, samples: series.samples, histograms: series.histograms,
                starts: series.starts, summaries: series.summaries)
        }
        return WindowSet(series: series, range: range, grid: grid, length: length, shift: shift, pinned: pinned)
    }

    /// The inner expression is evaluated once, on a grid that covers all windows and whose moments are multiples of its
    /// step, whatever the windows' ends are.
    private func windows(_ subquery: Subquery, at range: Range<Int>, _ grid: StepGrid) throws -> WindowSet {
        let pinned = moment(of: subquery.shift.anchor)
        let shift = subquery.shift.offset.milliseconds
        let step = subquery.step?.milliseconds ?? options.defaultSubqueryStep
        let after = (pinned ?? grid.start) - shift - subquery.range.milliseconds
        let through = (pinned ?? grid.end) - shift
        var first = after / step * step
        if first <= after { first += step }
        let inner = try StepGrid(from: first, through: grid.count == 0 ? first - 1 : through, step: step)
        try budget.charge(samples: inner.count)
        let series = try vector(subquery.expression, inner).map { element in
            WindowedSeries(
                labels: element.labels, dropsName: element.dropsName, samples: element.values.samples(on: inner),
                histograms: element.histograms(on: inner).withoutResets)
        }
        return WindowSet(
            series: series, range: range, grid: grid, length: subquery.range.milliseconds, shift: shift, pinned: pinned)
    }
}

extension HistogramColumns {
    /// What is known of a reset is between samples next to each other. The points of a subquery may skip samples or repeat
    /// them, so that resets must be looked for again.
    fileprivate var withoutResets: HistogramColumns {
        var columns = self
        for index in columns.histograms.indices where columns.histograms[index].counterReset != .gauge {
            columns.histograms[index].counterReset = .unknown
        }
        return columns
    }
}

extension SelectedSeries {
    /// Summaries are of numbers only, so a window with histograms in it must see which samples there are.
    fileprivate func isServed(by servesSummary: (SampleSummary) -> Bool) -> Bool {
        summaries.isEmpty || (histograms.isEmpty && summaries.allSatisfy(servesSummary))
    }
}

extension SampleColumns {
    /// Windows are of samples only; where a series ended does not matter to them.
    var withoutStaleMarkers: SampleColumns {
        let hasMarkers = values.withUnsafeBufferPointer { values in
            // Comparing with itself is what processors do many at a time; NaN is rare.
            var hasNaN = false
            for value in values where value != value { hasNaN = true }
            return hasNaN && values.contains(where: \.isAbsent)
        }
        guard hasMarkers else { return self }
        var kept = SampleColumns()
        for (index, value) in values.enumerated() where value.isPresent {
            kept.timestamps.append(timestamps[index])
            kept.values.append(value)
        }
        return kept
    }
}
