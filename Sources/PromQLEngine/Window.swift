import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// The samples `lower..<upper` of a series (at least one), seen at one step.
struct Window {
    let times: UnsafeBufferPointer<Int64>
    let values: UnsafeBufferPointer<Double>
    let lower: Int
    let upper: Int
    /// Excluded.
    let start: Int64
    /// Included.
    let end: Int64
    /// The step's index and time; the latter differs from `end` where `@` or an offset shifts the window.
    let step: Int
    let moment: Int64

    var count: Int { upper - lower }
    var first: Double { values[lower] }
    var last: Double { values[upper - 1] }
    var samples: Slice<UnsafeBufferPointer<Double>> { values[lower..<upper] }
}

/// A function of the samples in a window. One value of it serves the windows of one series, whose ends only move
/// forward.
protocol WindowFunction: Sendable {
    /// Whether it looks at when the counting of samples began.
    static var usesStarts: Bool { get }
    /// When the counting of each number of the series began, milliseconds, 0 where that is not known. Comes before `prepare`,
    /// and only if something is known.
    mutating func setStarts(_ starts: [Int64])
    /// Sees the whole series once before its windows.
    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>)
    /// `.absent` for no value.
    mutating func value(_ window: Window) -> Double
    /// For windows of a series that has native histograms; `prepare` was called with its numbers.
    mutating func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint
}

extension WindowFunction {
    static var usesStarts: Bool { false }
    mutating func setStarts(_ starts: [Int64]) {}
    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {}
}

extension Evaluation {
    /// Runs two ends over each series and asks `function` at every step whose window has a sample.
    func slide<F: WindowFunction>(
        _ windows: WindowSet, keepsName: Bool = false, _ function: F
    ) throws -> [StepSeries] {
        try outcomes(windows) { [budget] series in
            guard series.histograms.isEmpty, series.starts.isEmpty || !F.usesStarts else {
                return try Self.outcome(of: series, windows, keepsName: keepsName, function, budget)
            }
            let (values, isEmpty) = try Self.column(of: series, windows, function, budget)
            return WindowOutcome(
                series: isEmpty
                    ? nil
                    : StepSeries(labels: series.labels, dropsName: series.dropsName || !keepsName, values: values))
        }
    }

    static func column<F: WindowFunction>(
        of series: WindowedSeries, _ windows: WindowSet, _ prototype: F, _ budget: QueryBudget
    ) throws -> (values: [Double], isEmpty: Bool) {
        var isEmpty = true
        let ends = windows.ends
        let moments = MomentTrack(windows.grid, pinned: nil, shift: 0)
        let samples = series.samples.withoutStaleMarkers
        let column = try [Double](unsafeUninitializedCapacity: ends.count) { column, count in
            try samples.timestamps.withUnsafeBufferPointer { times in
                try samples.values.withUnsafeBufferPointer { values in
                    isEmpty = try !fill(column, times, values, ends, moments, windows.length, prototype, budget)
                }
            }
            count = ends.count
        }
        return (column, isEmpty)
    }

    /// Initialises the first `ends.count` elements of `column`. False if all are absent.
    private static func fill<F: WindowFunction>(
        _ column: UnsafeMutableBufferPointer<Double>, _ times: UnsafeBufferPointer<Int64>,
        _ values: UnsafeBufferPointer<Double>, _ ends: MomentTrack, _ moments: MomentTrack, _ length: Int64,
        _ prototype: F, _ budget: QueryBudget
    ) throws -> Bool {
        var meter = BudgetMeter(budget)
        var function = prototype
        function.prepare(times, values)
        var lower = 0
        var upper = 0
        var isAnyPresent = false
        for step in 0..<ends.count {
            let end = ends[step]
            let start = end - length
            // Both ends stay within 0...times.count, and the columns are equally long.
            while upper < times.count, times[upper] <= end { upper += 1 }
            while lower < upper, times[lower] <= start { lower += 1 }
            var value = Double.absent
            if lower < upper {
                // Many functions look at every sample of every window.
                try meter.add(upper - lower)
                value = function.value(
                    Window(
                        times: times, values: values, lower: lower, upper: upper, start: start, end: end,
                        step: step, moment: moments[step]))
                if value.isPresent { isAnyPresent = true }
            }
            column.initializeElement(at: step, to: value)
        }
        return isAnyPresent
    }
}

/// A function that looks at each window by itself.
struct Scanning: WindowFunction {
    let scan: @Sendable (Window) -> Double

    init(_ scan: @escaping @Sendable (Window) -> Double) { self.scan = scan }

    func value(_ window: Window) -> Double { scan(window) }
}

/// A function that looks at each window by itself and at histograms as well.
struct ScanningBoth: WindowFunction {
    let scan: @Sendable (Window) -> Double
    let scanBoth: @Sendable (MixedWindow, inout WindowRemarks) -> StepPoint

    /// `scanBoth` must agree with `scan` on windows of numbers.
    init(
        _ scan: @escaping @Sendable (Window) -> Double,
        both scanBoth: @escaping @Sendable (MixedWindow, inout WindowRemarks) -> StepPoint
    ) {
        self.scan = scan
        self.scanBoth = scanBoth
    }

    func value(_ window: Window) -> Double { scan(window) }

    func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint { scanBoth(window, &remarks) }
}
