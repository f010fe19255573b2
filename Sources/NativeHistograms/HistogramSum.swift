/// The sum of histograms, with compensation of rounding in every bucket.
package struct HistogramSum: Sendable {
    private var cells: CellHistogram<CompensatedCell>
    private var hints: ResetHints

    package init(_ first: NativeHistogram) {
        cells = CellHistogram(first)
        hints = ResetHints(first)
    }

    /// What is to be said about all additions so far.
    package private(set) var remarks: HistogramCombination = []

    package mutating func add(_ other: NativeHistogram) throws(HistogramMismatch) {
        if hints.add(other) { remarks.insert(.conflictingResets) }
        if try cells.add(other) { remarks.insert(.reconciledBounds) }
    }

    package var value: NativeHistogram { cells.histogram(hints.combined) }
}

/// The arithmetic mean of histograms: a sum, divided in the end. When the sum overflows, the mean is carried on instead.
package struct HistogramMean: Sendable {
    private var cells: CellHistogram<CompensatedCell>
    private var hints: ResetHints
    private var count = 1.0
    private var isIncremental = false
    /// No cell is larger than this: the largest of each histogram, added up.
    private var largest: Double
    private static let safeMagnitude = 0x1p1000

    package init(_ first: NativeHistogram) {
        cells = CellHistogram(first)
        hints = ResetHints(first)
        largest = first.largestMagnitude
    }

    /// What is to be said about all additions so far.
    package private(set) var remarks: HistogramCombination = []

    package mutating func add(_ other: NativeHistogram) throws(HistogramMismatch) {
        if hints.add(other) { remarks.insert(.conflictingResets) }
        count += 1
        if !isIncremental {
            // Sums of what is far below the greatest number cannot overflow, and need not be taken back.
            largest += other.largestMagnitude
            if largest < Self.safeMagnitude {
                if try cells.add(other) { remarks.insert(.reconciledBounds) }
                return
            }
            var total = cells
            if try total.add(other) { remarks.insert(.reconciledBounds) }
            guard total.isOverflown else {
                cells = total
                return
            }
            isIncremental = true
            let before = count - 1
            cells.forEachCell { $0.divide(by: before) }
        }
        let (count, share) = (count, (count - 1) / count)
        cells.forEachCell { $0.multiply(by: share) }
        var next = CellHistogram<CompensatedCell>(other)
        next.forEachCell { $0.divide(by: count) }
        if try cells.add(next) { remarks.insert(.reconciledBounds) }
    }

    package var value: NativeHistogram {
        guard !isIncremental else { return cells.histogram(hints.combined) }
        var mean = cells
        let count = count
        mean.forEachCell { $0.divide(by: count) }
        return mean.histogram(hints.combined)
    }
}

/// What is known of counter resets in several histograms.
private struct ResetHints: Sendable {
    private(set) var combined: NativeHistogram.CounterReset
    private var hasReset = false
    private var hasNoReset = false

    init(_ first: NativeHistogram) {
        combined = first.counterReset
        note(first.counterReset)
    }

    private mutating func note(_ hint: NativeHistogram.CounterReset) {
        hasReset = hasReset || hint == .reset
        hasNoReset = hasNoReset || hint == .notReset
    }

    /// True if two of those seen contradict, wherever between them others stood.
    mutating func add(_ other: NativeHistogram) -> Bool {
        combined = combined.combined(with: other.counterReset).hint
        note(other.counterReset)
        return hasReset && hasNoReset
    }
}

extension NativeHistogram {
    /// No count is larger, nor any sum of its buckets; NaN if one is.
    fileprivate var largestMagnitude: Double {
        func total(_ counts: [Double]) -> Double { counts.reduce(0) { $0 + $1.magnitude } }
        return zeroCount.magnitude + total(positiveBuckets) + total(negativeBuckets) + count.magnitude + sum.magnitude
    }
}
