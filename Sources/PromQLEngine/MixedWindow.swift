import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// The samples of a series that has native histograms, seen at one step: at least one number or histogram.
struct MixedWindow {
    /// Nil if all samples in the window are histograms.
    let numbers: Window?
    /// Of the whole series.
    let columns: HistogramColumns
    /// Those in the window.
    let histograms: Range<Int>
    /// As long as `columns`: when the counting of each began, 0 if that is not known. Empty if it is known of none.
    let starts: [Int64]
    /// Excluded.
    let start: Int64
    /// Included.
    let end: Int64
    let step: Int

    var hasHistograms: Bool { !histograms.isEmpty }
    var count: Int { histograms.count + (numbers?.count ?? 0) }

    func time(_ index: Int) -> Int64 { columns.timestamps[index] }
    func histogram(_ index: Int) -> NativeHistogram { columns.histograms[index] }

    var firstHistogram: (time: Int64, histogram: NativeHistogram)? {
        histograms.first.map { (columns.timestamps[$0], columns.histograms[$0]) }
    }

    var lastHistogram: (time: Int64, histogram: NativeHistogram)? {
        histograms.last.map { (columns.timestamps[$0], columns.histograms[$0]) }
    }

    var firstTime: Int64 { min(numbers.map { $0.times[$0.lower] } ?? .max, firstHistogram?.time ?? .max) }
    var lastTime: Int64 { max(numbers.map { $0.times[$0.upper - 1] } ?? .min, lastHistogram?.time ?? .min) }

    var first: StepPoint {
        if let numbers, numbers.times[numbers.lower] < firstHistogram?.time ?? .max { return .number(numbers.first) }
        return firstHistogram.map { .histogram($0.histogram) } ?? .absent
    }

    var last: StepPoint {
        if let numbers, numbers.times[numbers.upper - 1] > lastHistogram?.time ?? .min { return .number(numbers.last) }
        return lastHistogram.map { .histogram($0.histogram) } ?? .absent
    }
}

/// What came up over the windows of one series, each remark once.
struct WindowRemarks: Sendable {
    struct Remark: Hashable, Sendable {
        let kind: QueryAnnotation.Kind
        let text: String
    }

    let metricName: String
    private(set) var all: [Remark] = []

    init(metricName: String) { self.metricName = metricName }

    mutating func warn(_ text: String) { add(Remark(kind: .warning, text: text)) }
    mutating func inform(_ text: String) { add(Remark(kind: .info, text: text)) }

    mutating func append(_ other: WindowRemarks) {
        for remark in other.all { add(remark) }
    }

    private mutating func add(_ remark: Remark) {
        // A handful of texts at most, so a search is cheap.
        if !all.contains(remark) { all.append(remark) }
    }
}

extension WindowFunction {
    /// Most functions are of numbers: histograms beside them are left out.
    mutating func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        guard let numbers = window.numbers else { return .absent }
        if window.hasHistograms { remarks.inform(HistogramRemark.ignoredInRange(remarks.metricName)) }
        return StepPoint(value(numbers))
    }
}

extension StepPoint {
    /// `.absent` stays that.
    init(_ value: Double) { self = value.isPresent ? .number(value) : .absent }
}

extension Evaluation {
    /// What a function makes of a series that has histograms, or start times that the function looks at.
    static func outcome<F: WindowFunction>(
        of series: WindowedSeries, _ windows: WindowSet, keepsName: Bool, _ prototype: F, _ budget: QueryBudget
    ) throws -> WindowOutcome {
        var function = prototype
        var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
        let samples = series.samples.withoutStaleMarkers
        if F.usesStarts, !series.starts.isEmpty { function.setStarts(series.starts.column(at: samples.timestamps)) }
        samples.timestamps.withUnsafeBufferPointer { times in
            samples.values.withUnsafeBufferPointer { values in function.prepare(times, values) }
        }
        let column = try series.eachWindow(windows, budget) { function.point($0, &remarks) }
        return WindowOutcome(
            series: column.isEmpty
                ? nil
                : StepSeries(labels: series.labels, dropsName: series.dropsName || !keepsName, column: column),
            remarks: remarks.all)
    }
}

extension WindowedSeries {
    /// Runs the ends of the windows over numbers and histograms and asks `evaluate` at every step whose window has a sample.
    func eachWindow(
        _ windows: WindowSet, _ budget: QueryBudget, _ evaluate: (MixedWindow) -> StepPoint
    ) throws -> StepColumn {
        var meter = BudgetMeter(budget)
        let ends = windows.ends
        let moments = MomentTrack(windows.grid, pinned: nil, shift: 0)
        let samples = samples.withoutStaleMarkers
        let starts = starts.column(at: histograms.timestamps)
        var column = StepColumn(count: ends.count)
        var memory = HistogramMemory(budget, steps: ends.count)
        var numbers = SlidingRange()
        var inside = SlidingRange()
        try samples.timestamps.withUnsafeBufferPointer { times in
            try samples.values.withUnsafeBufferPointer { values in
                for step in 0..<ends.count {
                    let end = ends[step]
                    let start = end - windows.length
                    numbers.slide(over: times, after: start, through: end)
                    histograms.timestamps.withUnsafeBufferPointer {
                        inside.slide(over: $0, after: start, through: end)
                    }
                    guard !numbers.range.isEmpty || !inside.range.isEmpty else { continue }
                    // A histogram is many numbers.
                    try meter.add(numbers.range.count + BudgetMeter.element * inside.range.count)
                    var window: Window?
                    if !numbers.range.isEmpty {
                        window = Window(
                            times: times, values: values, lower: numbers.range.lowerBound,
                            upper: numbers.range.upperBound, start: start, end: end, step: step,
                            moment: moments[step])
                    }
                    let point = evaluate(
                        MixedWindow(
                            numbers: window, columns: histograms, histograms: inside.range, starts: starts,
                            start: start, end: end, step: step))
                    try memory.hold(point)
                    column.set(point, at: step)
                }
            }
        }
        return column
    }
}

/// The indices of the times in a window whose ends only move forward.
private struct SlidingRange {
    private(set) var range = 0..<0

    mutating func slide(over times: UnsafeBufferPointer<Int64>, after start: Int64, through end: Int64) {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while upper < times.count, times[upper] <= end { upper += 1 }
        while lower < upper, times[lower] <= start { lower += 1 }
        range = lower..<upper
    }
}

extension StartColumns {
    /// The starts of the samples at `times` (ascending), 0 where none is known; empty if this has none at all.
    func column(at times: [Int64]) -> [Int64] {
        guard !isEmpty else { return [] }
        var next = 0
        return times.map { time in
            while next < timestamps.count, timestamps[next] < time { next += 1 }
            return next < timestamps.count && timestamps[next] == time ? starts[next] : 0
        }
    }
}
