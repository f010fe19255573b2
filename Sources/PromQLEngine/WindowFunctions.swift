import NativeHistograms

/// `rate`, `increase` and `delta`: the change between the first and the last sample, stretched to the ends of the
/// window where samples come close enough to them (Prometheus' extrapolation), counter resets added back.
struct ExtrapolatedChange: WindowFunction {
    let isCounter: Bool
    let isPerSecond: Bool
    private var starts = NumberStarts()
    private var resets: [(index: Int, lost: Double)] = []
    private var nextReset = 0

    init(isCounter: Bool, isPerSecond: Bool) {
        self.isCounter = isCounter
        self.isPerSecond = isPerSecond
    }

    static var usesStarts: Bool { true }

    mutating func setStarts(_ starts: [Int64]) {
        if isCounter { self.starts = NumberStarts(starts) }
    }

    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {
        guard isCounter, values.count > 1 else { return }
        for index in 1..<values.count where values[index] < values[index - 1] || starts.isReset(index, times) {
            resets.append((index, values[index - 1]))
        }
    }

    /// Whether a number in the window claims to count from before the one before it.
    func hasOverlap(_ window: Window) -> Bool {
        starts.isKnown && (window.lower + 1..<window.upper).contains { starts.overlaps($0, window.times) }
    }

    mutating func value(_ window: Window) -> Double {
        // Most series come without start times: their loop asks no more than this.
        if starts.isKnown, let began = starts.beginning(of: window) { return change(window, began: began) }
        return window.count > 1 ? change(window, began: nil) : .absent
    }

    @inline(__always)
    private mutating func change(_ window: Window, began: Int64?) -> Double {
        let firstTime = window.times[window.lower]
        let lastTime = window.times[window.upper - 1]
        var change = window.last - window.first
        if isCounter {
            while nextReset < resets.count, resets[nextReset].index <= window.lower { nextReset += 1 }
            var reset = nextReset
            while reset < resets.count, resets[reset].index < window.upper {
                change += resets[reset].lost
                reset += 1
            }
        }
        if began != nil { change += window.first }
        let extrapolation = Extrapolation(
            firstTime: firstTime, lastTime: lastTime, count: window.count, start: window.start, end: window.end,
            began: began)
        return change
            * extrapolation.factor(
                change: change, firstValue: isCounter ? window.first : nil, isPerSecond: isPerSecond)
    }
}

/// `irate` and `idelta`: from the last two samples.
struct InstantChange: WindowFunction {
    let isRate: Bool
    private var starts = NumberStarts()

    init(isRate: Bool) { self.isRate = isRate }

    static var usesStarts: Bool { true }

    mutating func setStarts(_ starts: [Int64]) {
        if isRate { self.starts = NumberStarts(starts) }
    }

    func value(_ window: Window) -> Double {
        guard window.count > 1 else { return .absent }
        let previous = window.values[window.upper - 2]
        let milliseconds = window.times[window.upper - 1] - window.times[window.upper - 2]
        guard milliseconds > 0 else { return .absent }
        guard isRate else { return window.last - previous }
        let isReset = window.last < previous || starts.isReset(window.upper - 1, window.times)
        let change = isReset ? window.last : window.last - previous
        return change / (Double(milliseconds) / 1000)
    }
}

/// `changes` and `resets`: how many neighbours in the window satisfy a condition, from counts along the whole series.
struct NeighbourCount: WindowFunction {
    let isCounted: @Sendable (_ previous: Double, _ next: Double) -> Bool
    /// `isNewStart` says that the start of `next` lies after `previous`.
    let isHistogramCounted: @Sendable (_ previous: NativeHistogram, _ next: NativeHistogram, _ isNewStart: Bool) -> Bool
    /// A new start between two numbers counts, whatever they are.
    let countsStarts: Bool
    private var starts = NumberStarts()
    private var counts: [Int] = []

    init(
        countsStarts: Bool, _ isCounted: @escaping @Sendable (_ previous: Double, _ next: Double) -> Bool,
        histograms isHistogramCounted:
            @escaping @Sendable (_ previous: NativeHistogram, _ next: NativeHistogram, _ isNewStart: Bool) -> Bool
    ) {
        self.countsStarts = countsStarts
        self.isCounted = isCounted
        self.isHistogramCounted = isHistogramCounted
    }

    static let changes = NeighbourCount(countsStarts: false) {
        $0 != $1 && !($0.isNaN && $1.isNaN)
    } histograms: { previous, next, _ in
        !next.matches(previous)
    }
    static let resets = NeighbourCount(countsStarts: true) {
        $1 < $0
    } histograms: { previous, next, isNewStart in
        isNewStart || next.isReset(after: previous)
    }

    static var usesStarts: Bool { true }

    mutating func setStarts(_ starts: [Int64]) {
        if countsStarts { self.starts = NumberStarts(starts) }
    }

    /// Whether counting began anew between a number and the one before.
    func beginsAnew(_ index: Int, _ times: UnsafeBufferPointer<Int64>) -> Bool { starts.isReset(index, times) }

    mutating func prepare(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) {
        guard !values.isEmpty else { return }
        counts = [Int](repeating: 0, count: values.count)
        for index in 1..<max(1, values.count) {
            let isNew = isCounted(values[index - 1], values[index]) || starts.isReset(index, times)
            counts[index] = counts[index - 1] + (isNew ? 1 : 0)
        }
    }

    func value(_ window: Window) -> Double { Double(counts[window.upper - 1] - counts[window.lower]) }
}

extension Window {
    var variance: Double {
        var variance = Variance()
        for value in samples { variance.add(value) }
        return variance.value
    }

    func quantile(_ q: Double) -> Double {
        var sorted = Array(samples)
        return Quantile.of(q, &sorted)
    }

    /// The median of the distances from the median; NaN if any sample is.
    var medianAbsoluteDeviation: Double {
        var sorted = Array(samples)
        guard !sorted.contains(where: \.isNaN) else { return .nan }
        let median = Quantile.of(0.5, &sorted)
        var distances = sorted.map { ($0 - median).magnitude }
        return Quantile.of(0.5, &distances)
    }

    /// Seconds since 1970 of the last sample that is preferred to all others; NaN gives way to any number.
    func time(ofBest isBetterOrEqual: (_ candidate: Double, _ best: Double) -> Bool) -> Double {
        var best = lower
        for index in lower + 1..<max(lower + 1, upper)
        where isBetterOrEqual(values[index], values[best]) || values[best].isNaN {
            best = index
        }
        return seconds(at: best)
    }

    func seconds(at index: Int) -> Double { Double(times[index]) / 1000 }

    /// Least squares: change per second, and the value at `moment` (milliseconds).
    func regression(at moment: Int64) -> (slope: Double, intercept: Double) {
        if samples.allSatisfy({ $0 == first }) {
            return first.isInfinite ? (.nan, .nan) : (0, first)
        }
        var x = CompensatedSum()
        var y = CompensatedSum()
        var xy = CompensatedSum()
        var xx = CompensatedSum()
        for index in lower..<upper {
            let seconds = Double(times[index] - moment) / 1000
            x.add(seconds)
            y.add(values[index])
            xy.add(seconds * values[index])
            xx.add(seconds * seconds)
        }
        let n = Double(count)
        let covariance = xy.value - x.value * y.value / n
        let variance = xx.value - x.value * x.value / n
        let slope = covariance / variance
        return (slope, y.value / n - slope * x.value / n)
    }

    /// Holt's linear method: `smoothing` weighs the newest sample, `trendWeight` the newest trend.
    func doubleExponentialSmoothing(_ smoothing: Double, _ trendWeight: Double) -> Double {
        guard count > 1 else { return .absent }
        var previous = 0.0
        var level = first
        var trend = values[lower + 1] - first
        for index in lower + 1..<upper {
            if index > lower + 1 { trend = trendWeight * (level - previous) + (1 - trendWeight) * trend }
            let next = smoothing * values[index] + (1 - smoothing) * (level + trend)
            previous = level
            level = next
        }
        return level
    }
}
