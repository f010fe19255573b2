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
    /// Seconds of window, whatever samples are in it.
    var seconds: Double { Double(end - start) / 1000 }
}

/// A function of the samples in a window. One value of it serves the windows of one series, whose ends only move
/// forward.
protocol WindowFunction {
    /// Sees the whole series once before its windows.
    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>)
    /// `.absent` for no value.
    mutating func value(_ window: Window) -> Double
}

extension WindowFunction {
    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {}
}

extension Evaluation {
    /// Runs two ends over each series and asks `function` at every step whose window has a sample.
    func slide<F: WindowFunction>(
        _ windows: WindowSet, keepsName: Bool = false, _ function: F
    ) throws -> [StepSeries] {
        var out: [StepSeries] = []
        out.reserveCapacity(windows.series.count)
        for series in windows.series {
            try budget.charge(samples: windows.grid.count)
            let (values, isEmpty) = Self.column(of: series, windows, function)
            if !isEmpty {
                out.append(
                    StepSeries(labels: series.labels, dropsName: series.dropsName || !keepsName, values: values))
            }
        }
        return out
    }

    private static func column<F: WindowFunction>(
        of series: WindowedSeries, _ windows: WindowSet, _ prototype: F
    ) -> (values: [Double], isEmpty: Bool) {
        var function = prototype
        var column = [Double](repeating: .absent, count: windows.grid.count)
        var isEmpty = true
        series.samples.timestamps.withUnsafeBufferPointer { times in
            series.samples.values.withUnsafeBufferPointer { values in
                function.prepare(times, values)
                var lower = 0
                var upper = 0
                for step in 0..<windows.grid.count {
                    let bounds = windows.bounds(at: step)
                    // Both ends stay within 0...times.count, and the columns are equally long.
                    while upper < times.count, times[upper] <= bounds.end { upper += 1 }
                    while lower < upper, times[lower] <= bounds.start { lower += 1 }
                    guard lower < upper else { continue }
                    let window = Window(
                        times: times, values: values, lower: lower, upper: upper, start: bounds.start,
                        end: bounds.end, step: step, moment: windows.grid.time(step))
                    let value = function.value(window)
                    column[step] = value
                    if value.isPresent { isEmpty = false }
                }
            }
        }
        return (column, isEmpty)
    }
}

/// A function that looks at each window by itself.
struct Scanning: WindowFunction {
    let scan: (Window) -> Double

    init(_ scan: @escaping (Window) -> Double) { self.scan = scan }

    func value(_ window: Window) -> Double { scan(window) }
}
