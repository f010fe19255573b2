/// What consecutive samples of one series amount to. Stale markers are not counted, and no sample is NaN.
package struct SampleSummary: Sendable, Hashable {
    /// Times of the first and the last of the samples, milliseconds since 1970-01-01T00:00:00Z. No other sample of the series
    /// lies between them.
    package let firstTimestamp: Int64
    package let lastTimestamp: Int64
    /// At least 1.
    package let count: Int
    /// Infinite, or NaN, if samples are infinite or their sum overflows.
    package let sum: Double
    package let minimum: Double
    package let maximum: Double

    package init(
        firstTimestamp: Int64, lastTimestamp: Int64, count: Int, sum: Double, minimum: Double, maximum: Double
    ) {
        self.firstTimestamp = firstTimestamp
        self.lastTimestamp = lastTimestamp
        self.count = count
        self.sum = sum
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// Evenly spaced windows of equal length, open on the left and closed on the right: `(end - length, end]` for each end.
package struct WindowGrid: Sendable, Hashable {
    /// Where the first window ends, milliseconds since 1970-01-01T00:00:00Z.
    package let firstEnd: Int64
    /// Milliseconds between ends; 0 if there is one window.
    package let step: Int64
    /// At least 1.
    package let count: Int
    /// Milliseconds, above 0.
    package let length: Int64

    package init(firstEnd: Int64, step: Int64, count: Int, length: Int64) {
        self.firstEnd = firstEnd
        self.step = step
        self.count = count
        self.length = length
    }

    /// True if some window has a part of the milliseconds `first ... last`, not all and not none: if a window begins or ends
    /// in `first ..< last`. For any times; O(1).
    package func separates(_ first: Int64, _ last: Int64) -> Bool {
        guard first < last else { return false }
        // 128 bits hold every sum and difference below, and keep the ends apart from the begins only by an offset.
        let begin = Int128(first) - Int128(firstEnd)
        let width = Int128(last) - Int128(first)
        return hasEnd(in: width, from: begin) || hasEnd(in: width, from: begin + Int128(length))
    }

    /// Whether `k * step`, `0 <= k < count`, lies in the `width` milliseconds that start with `begin`.
    private func hasEnd(in width: Int128, from begin: Int128) -> Bool {
        if begin <= 0 { return begin + width > 0 && count > 0 }
        guard step > 0 else { return false }
        let step = Int128(step)
        let index = (begin + step - 1) / step
        return index < Int128(count) && index * step - begin < width
    }
}
