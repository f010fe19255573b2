/// What consecutive samples of one series amount to. Stale markers are not counted, and no sample is NaN.
package struct SampleSummary: Sendable, Hashable {
    /// Times of the first and the last of the samples, milliseconds since 1970-01-01T00:00:00Z. No other sample of the series
    /// lies between them.
    package let firstTimestamp: Int64
    package let lastTimestamp: Int64
    /// At least 1.
    package let count: Int
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

    /// True if some window has one of two samples at these times and not the other: if a window's begin or end lies in
    /// `first ..< last`. O(1).
    package func separates(_ first: Int64, _ last: Int64) -> Bool {
        hasMultiple(from: first, to: last, offset: firstEnd)
            || hasMultiple(from: first, to: last, offset: firstEnd - length)
    }

    /// Whether `offset + k * step`, 0 <= k < count, lies in `from ..< to`.
    private func hasMultiple(from: Int64, to: Int64, offset: Int64) -> Bool {
        guard from < to, to > offset else { return false }
        if from <= offset { return true }
        guard step > 0 else { return false }
        let index = (from - offset + step - 1) / step
        return index < Int64(count) && offset + index * step < to
    }
}
