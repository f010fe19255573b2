import TimeSeriesStore

/// What a function makes of the samples in a window, put together from parts of it.
protocol WindowAggregate: Sendable {
    /// Of no samples: combined with anything, it changes nothing.
    init()
    /// Of samples that are next to each other, at least one.
    init(_ values: UnsafeBufferPointer<Double>)
    init(_ summary: SampleSummary)
    /// `self` stands before `later`.
    func combined(with later: Self) -> Self
    /// The function's value for a window of so many samples, at least one.
    func value(count: Int) -> Double

    /// Whether a summary tells as much as its samples do.
    static func isServed(by summary: SampleSummary) -> Bool

    /// Of a window of a series that has native histograms.
    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint
}

extension WindowAggregate {
    static func isServed(by summary: SampleSummary) -> Bool { true }

    /// Most functions are of numbers: histograms beside them are left out.
    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        guard let numbers = window.numbers else { return .absent }
        if window.hasHistograms { remarks.inform(HistogramRemark.ignoredInRange(remarks.metricName)) }
        return .number(value(numbers))
    }

    static func value(_ window: Window) -> Double {
        // `lower..<upper` lies within the values.
        Self(UnsafeBufferPointer(rebasing: window.samples)).value(count: window.count)
    }
}

/// `sum_over_time`.
extension CompensatedSum: WindowAggregate {
    init(_ summary: SampleSummary) { self.init(sum: summary.sum) }

    func combined(with later: CompensatedSum) -> CompensatedSum {
        var total = self
        total.add(later)
        return total
    }

    func value(count: Int) -> Double { value }
}

/// `avg_over_time`. A sum that overflows is carried on in a smaller unit, in which no sum of finite values overflows.
struct Average: WindowAggregate {
    /// A power of two: multiplication is exact, but for numbers that vanish beside a sum that overflows. Larger than any
    /// count.
    private static let unit = 0x1p64

    private var sum: CompensatedSum
    private var isScaled = false

    init() { sum = CompensatedSum() }

    init(_ values: UnsafeBufferPointer<Double>) {
        sum = CompensatedSum(values)
        guard !sum.sum.isFinite else { return }
        sum = CompensatedSum()
        isScaled = true
        for value in values { sum.add(value / Self.unit) }
    }

    init(_ summary: SampleSummary) { sum = CompensatedSum(sum: summary.sum) }

    func combined(with later: Average) -> Average {
        if !isScaled, !later.isScaled {
            var total = self
            total.sum.add(later.sum)
            if total.sum.sum.isFinite { return total }
        }
        var total = scaled
        total.sum.add(later.scaled.sum)
        return total
    }

    private var scaled: Average {
        guard !isScaled else { return self }
        var scaled = self
        scaled.sum = CompensatedSum(sum: sum.sum / Self.unit, correction: sum.correction / Self.unit)
        scaled.isScaled = true
        return scaled
    }

    func value(count: Int) -> Double {
        let mean = sum.value / Double(count)
        return isScaled ? mean * Self.unit : mean
    }

    /// A sum of finite values that overflowed in the store says nothing about their mean.
    static func isServed(by summary: SampleSummary) -> Bool {
        switch (summary.minimum == -.infinity, summary.maximum == .infinity) {
        case (false, false): summary.sum.isFinite
        case (true, false): summary.sum == -.infinity
        case (false, true): summary.sum == .infinity
        case (true, true): summary.sum.isNaN
        }
    }
}

/// `min_over_time`. NaN gives way to any number; the first of equals stays.
struct Smallest: WindowAggregate {
    private let value: Double

    private init(_ value: Double) { self.value = value }

    init() { value = .nan }

    init(_ values: UnsafeBufferPointer<Double>) { value = values.extreme(worst: .infinity) { $0 .< $1 } }

    init(_ summary: SampleSummary) { value = summary.minimum }

    func combined(with later: Smallest) -> Smallest { value.isNaN || later.value < value ? later : self }

    func value(count: Int) -> Double { value }
}

/// `max_over_time`. NaN gives way to any number; the first of equals stays.
struct Largest: WindowAggregate {
    private let value: Double

    private init(_ value: Double) { self.value = value }

    init() { value = .nan }

    init(_ values: UnsafeBufferPointer<Double>) { value = values.extreme(worst: -.infinity) { $0 .> $1 } }

    init(_ summary: SampleSummary) { value = summary.maximum }

    func combined(with later: Largest) -> Largest { value.isNaN || later.value > value ? later : self }

    func value(count: Int) -> Double { value }
}

/// `count_over_time`: needs no sample's value.
struct SampleCount: WindowAggregate {
    init() {}
    init(_ values: UnsafeBufferPointer<Double>) {}
    init(_ summary: SampleSummary) {}
    func combined(with later: SampleCount) -> SampleCount { self }
    func value(count: Int) -> Double { Double(count) }

    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        .number(Double(window.count))
    }
}

/// `present_over_time`.
struct Presence: WindowAggregate {
    init() {}
    init(_ values: UnsafeBufferPointer<Double>) {}
    init(_ summary: SampleSummary) {}
    func combined(with later: Presence) -> Presence { self }
    func value(count: Int) -> Double { 1 }
    static func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint { .number(1) }
}
