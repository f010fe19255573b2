import NativeHistograms
import PromQLSyntax

/// What `anchored` and `smoothed` need of a sample's value: numbers and native histograms have it.
protocol ExtendableValue: Sendable {
    func isReset(after previous: Self) -> Bool
    /// On the line from this to `next`, `part` of `whole` of the way along. Where a counter was reset in between, it counts up
    /// from zero.
    func interpolated(to next: Self, isCounter: Bool, part: Double, whole: Double) throws -> Self
    mutating func combine(adding other: Self) throws -> HistogramCombination
    mutating func combine(subtracting other: Self) throws -> HistogramCombination
}

extension Double: ExtendableValue {
    func isReset(after previous: Double) -> Bool { self < previous }

    func interpolated(to next: Double, isCounter: Bool, part: Double, whole: Double) -> Double {
        let base = isCounter && next < self ? 0 : self
        return base + (next - base) * part / whole
    }

    mutating func combine(adding other: Double) -> HistogramCombination {
        self += other
        return []
    }

    mutating func combine(subtracting other: Double) -> HistogramCombination {
        self -= other
        return []
    }
}

extension NativeHistogram: ExtendableValue {
    func interpolated(
        to next: NativeHistogram, isCounter: Bool, part: Double, whole: Double
    ) throws -> NativeHistogram {
        guard usesCustomBuckets == next.usesCustomBuckets else { throw HistogramMismatch.incompatibleSchemas }
        var result = next
        let isReset = isCounter && next.isReset(after: self)
        if !isReset { _ = try result.subtract(self) }
        result.multiply(by: part / whole)
        if !isReset { _ = try result.add(self) }
        result.counterReset = isCounter ? .unknown : counterReset
        return result
    }

    mutating func combine(adding other: NativeHistogram) throws -> HistogramCombination { try add(other) }
    mutating func combine(subtracting other: NativeHistogram) throws -> HistogramCombination { try subtract(other) }
}

/// The samples that a window of a selector with `anchored` or `smoothed` uses: from the last one at or before the window's
/// start, or else the first one in it, to the last one in it (`anchored`) or the first one at or after its end (`smoothed`), if
/// there is one. Semantics are those of https://github.com/prometheus/proposals/blob/main/proposals/2025-04-04_extended-range-selectors-semantics.md
struct ExtendedSamples<Value: ExtendableValue> {
    let times: ArraySlice<Int64>
    let values: ArraySlice<Value>
    /// Of the window, milliseconds; the start is excluded.
    let start: Int64
    let end: Int64
    let isSmoothed: Bool

    private var first: Int { times.startIndex }
    private var last: Int { times.endIndex - 1 }
    private var interpolatesLeft: Bool { isSmoothed && times[first] < start }
    private var interpolatesRight: Bool { isSmoothed && times[last] > end }

    /// `time` is between the samples at `index` and behind it.
    private func value(at time: Int64, after index: Int, isCounter: Bool) throws -> Value {
        try values[index].interpolated(
            to: values[index + 1], isCounter: isCounter, part: Double(time - times[index]),
            whole: Double(times[index + 1] - times[index]))
    }

    /// At the start and at the end of the window. There is a sample in or behind the window if there is none at its start.
    func boundaries(isCounter: Bool) throws -> (left: Value, right: Value) {
        (
            left: interpolatesLeft ? try value(at: start, after: first, isCounter: isCounter) : values[first],
            right: interpolatesRight ? try value(at: end, after: last - 1, isCounter: isCounter) : values[last]
        )
    }

    /// Right minus left, and for counters what was lost at resets.
    func change(isCounter: Bool) throws -> (change: Value, combination: HistogramCombination) {
        let (left, right) = try boundaries(isCounter: isCounter)
        var change = right
        var combination = try change.combine(subtracting: left)
        guard isCounter else { return (change, combination) }
        // The values at the ends have what was lost between the samples around them taken care of.
        let begin = interpolatesLeft ? first + 1 : first
        let lastInner = interpolatesRight ? last - 1 : last
        guard begin <= lastInner else { return (change, combination) }
        for index in begin + 1..<max(begin + 1, last + 1) where values[index].isReset(after: values[index - 1]) {
            combination.formUnion(try change.combine(adding: values[index - 1]))
        }
        return (change, combination)
    }

    /// The samples of the window as such: those inside, and the values at its ends.
    func samples() throws -> (times: [Int64], values: [Value]) {
        let (left, right) = try boundaries(isCounter: false)
        let inside = times.indices.filter { times[$0] > start && times[$0] < end }
        return ([start] + inside.map { times[$0] } + [end], [left] + inside.map { values[$0] } + [right])
    }
}

extension Array<Int64> {
    /// Of ascending times, the index of the first that is greater.
    func firstIndex(after time: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] > time { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
