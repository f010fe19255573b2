import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

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

    /// True if there is one moment only, for however many steps.
    var isSingle: Bool { increment == 0 || count == 1 }

    /// The windows that end at these moments (at least one), each of them once.
    func grid(length: Int64) -> WindowGrid {
        WindowGrid(firstEnd: first, step: isSingle ? 0 : increment, count: isSingle ? 1 : count, length: length)
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
        _ selector: VectorSelector, at place: Range<Int>, after: Int64, through: Int64
    ) throws -> [SelectedSeries] {
        guard let selection = try selection(selector, after: after, through: through) else { return [] }
        return try select(selection, at: place) { $0 }
    }

    /// What `transform` makes of the series, in label order. It is called on several threads.
    func select<Output: Sendable>(
        _ selection: SeriesSelection, at place: Range<Int>, steps: Int = 0,
        transform: @Sendable (SelectedSeries) throws -> Output?
    ) throws -> [Output] {
        let isOfTotals = totalsOnly.contains(place)
        guard let tracer else {
            return try store.select(selection, budget: budget) { try transform(isOfTotals ? $0.withTotalsOnly : $0) }
        }
        let mark = tracer.begin(place, steps: steps)
        let reading = tracer.read(selection, at: place)
        do {
            let made = try store.select(selection, budget: budget) { series in
                reading.add(series)
                return try transform(isOfTotals ? series.withTotalsOnly : series)
            }
            tracer.end(mark, series: made.count)
            return made
        } catch {
            // Somebody may catch this and read again.
            tracer.end(mark)
            throw error
        }
    }

    /// Nil for an empty range.
    func selection(
        _ selector: VectorSelector, after: Int64, through: Int64, windows: WindowGrid? = nil,
        isNewestEnough: Bool = false
    ) throws -> SeriesSelection? {
        let matchers = try selector.matchers.compiled(in: query)
        guard after < through else { return nil }
        return SeriesSelection(
            matchers: matchers, range: TimeRange(from: after + 1, through: through), windows: windows,
            isNewestEnough: isNewestEnough)
    }

    /// At every step the newest sample within the look-back, unless it is a stale marker.
    func instantVector(
        _ selector: VectorSelector, at place: Range<Int>, _ grid: StepGrid, givesTimestamps: Bool = false
    ) throws -> [StepSeries] {
        guard grid.count > 0 else { return [] }
        if selector.extended == .smoothed, !givesTimestamps { return try smoothedVector(selector, at: place, grid) }
        let moments = MomentTrack(
            grid, pinned: moment(of: selector.shift.anchor), shift: selector.shift.offset.milliseconds)
        let lookback = options.lookbackDelta
        // Whether a total was reset is seen from the sample before.
        let isNewestEnough = moments.isSingle && !totalsOnly.contains(place)
        let selection = try selection(
            selector, after: moments.first - lookback, through: moments.last, isNewestEnough: isNewestEnough)
        guard let selection else { return [] }
        return try select(selection, at: place) { [budget] series in
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

    /// The windows of a range vector: a selector with a range, or a subquery.
    ///
    /// - Parameter allowsSummaries: whether series of a selector may come with summaries in place of samples.
    func windows(
        of expression: PromQLExpression, _ grid: StepGrid, allowsSummaries: Bool = false
    ) throws -> WindowSet {
        let bare = expression.withoutParentheses
        switch bare.node {
        case .matrix(let selector, let length):
            return try windows(selector, length.milliseconds, at: bare.range, grid, allowsSummaries: allowsSummaries)
        case .subquery(let subquery): return try windows(subquery, at: bare.range, grid)
        default: throw PromQLError(execution: "expected a range vector", range: expression.range)
        }
    }

    private func windows(
        _ selector: VectorSelector, _ length: Int64, at range: Range<Int>, _ grid: StepGrid, allowsSummaries: Bool
    ) throws -> WindowSet {
        let pinned = moment(of: selector.shift.anchor)
        let shift = selector.shift.offset.milliseconds
        let ends = MomentTrack(grid, pinned: pinned, shift: shift)
        // What lies around the windows of `anchored` and `smoothed` is left to those who look at it.
        let before = selector.extended == nil ? 0 : options.lookbackDelta
        let behind = selector.extended == .smoothed ? options.lookbackDelta : 0
        let selection = try selection(
            selector, after: ends.first - length - before, through: ends.last + behind,
            windows: allowsSummaries && grid.count > 0 ? ends.grid(length: length) : nil)
        return WindowSet(
            source: selection.flatMap { grid.count > 0 ? .selection($0) : nil } ?? .series([]), range: range,
            grid: grid,
            length: length, shift: shift, pinned: pinned)
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
        let mark = tracer?.begin(range, steps: grid.count)
        let elements = try vector(subquery.expression, inner)
        var meter = BudgetMeter(budget)
        let series = try elements.map { element in
            try meter.add(BudgetMeter.element + inner.count)
            try budget.hold(columns: 2, of: inner.count)
            return WindowedSeries(
                labels: element.labels, dropsName: element.dropsName, samples: element.values.samples(on: inner),
                histograms: element.histograms(on: inner).withoutResets)
        }
        if let tracer, let mark { tracer.end(mark, series: series.count) }
        return WindowSet(
            source: .series(series), range: range, grid: grid, length: subquery.range.milliseconds, shift: shift,
            pinned: pinned)
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
