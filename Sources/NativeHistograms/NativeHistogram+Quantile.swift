#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A number computed from a histogram, and what observations that were not numbers did to it.
package struct HistogramEstimate: Sendable, Equatable {
    package enum NaNEffect: Sendable {
        /// There are none.
        case none
        /// They rank above all numbers, so that the result is too high for the numbers alone.
        case skewed
        /// The result is one of them.
        case result
    }

    package let value: Double
    package let nanEffect: NaNEffect

    init(_ value: Double, _ nanEffect: NaNEffect = .none) {
        self.value = value
        self.nanEffect = nanEffect
    }
}

extension NativeHistogram {
    /// The value below which the share `q` of all observations lies. Within a bucket, observations are taken to be spread
    /// exponentially, in the zero bucket and custom buckets evenly (Prometheus' `histogram_quantile`).
    package func quantile(_ q: Double) -> HistogramEstimate {
        if q < 0 { return HistogramEstimate(-.infinity) }
        if q > 1 { return HistogramEstimate(.infinity) }
        if count == 0 || q.isNaN { return HistogramEstimate(.nan) }
        // Observations that are NaN are in no bucket, so the rank must be counted from below if there are any.
        let isFromBelow = sum.isNaN || q < 0.5
        let rank = (isFromBelow ? q : 1 - q) * count
        var (bucket, seen) = bucket(ofRank: rank, isFromBelow: isFromBelow)
        if !usesCustomBuckets {
            bucket = narrowed(bucket)
        } else if bucket.lower == -.infinity {
            // Where in a bucket without end the observations lie is not known.
            if bucket.upper <= 0 { return HistogramEstimate(bucket.upper) }
            bucket.lower = 0
        } else if bucket.upper == .infinity {
            return HistogramEstimate(bucket.lower)
        }
        seen = min(seen, count)
        if seen < rank {
            // Only observations that are NaN are in no bucket.
            return sum.isNaN ? HistogramEstimate(.nan, .result) : HistogramEstimate(bucket.upper)
        }
        let effect = hasNaNs ? HistogramEstimate.NaNEffect.skewed : .none
        let inside = isFromBelow ? rank - (seen - bucket.count) : seen - rank
        return HistogramEstimate(value(at: inside / bucket.count, of: bucket), effect)
    }

    /// The value that the given share of a bucket's observations is below.
    private func value(at share: Double, of bucket: HistogramBucket) -> Double {
        if usesCustomBuckets || (bucket.lower <= 0 && bucket.upper >= 0) {
            return bucket.lower + (bucket.upper - bucket.lower) * share
        }
        let (lower, upper) = (log2(bucket.lower.magnitude), log2(bucket.upper.magnitude))
        return bucket.lower > 0
            ? exp2(lower + (upper - lower) * share) : -exp2(upper + (lower - upper) * (1 - share))
    }

    /// Sums are NaN also where both infinities were observed; those are in buckets.
    private var hasNaNs: Bool { sum.isNaN && observationsInBuckets < count }

    /// The share of observations between two values, interpolated as in `quantile`. Observations that are NaN are between no
    /// values.
    package func fraction(from lower: Double, to upper: Double) -> HistogramEstimate {
        if count == 0 || lower.isNaN || upper.isNaN { return HistogramEstimate(.nan) }
        if lower >= upper { return HistogramEstimate(0) }
        let hasNaNs = self.hasNaNs
        let total = hasNaNs ? observationsInBuckets : count
        var below = 0.0
        var (lowerRank, upperRank) = (Double?.none, Double?.none)
        func visit(_ bucket: HistogramBucket) -> Bool {
            let bucket = narrowed(bucket)
            lowerRank = lowerRank ?? rank(of: lower, in: bucket, below: below, total)
            upperRank = rank(of: upper, in: bucket, below: below, total)
            below += bucket.count
            return upperRank == nil
        }
        visitBuckets(visit)
        let share = ((upperRank ?? total) - (lowerRank ?? total)) / count
        return HistogramEstimate(share, hasNaNs ? .skewed : .none)
    }

    /// How many of `total` observations are below `value`, of which `below` are in lower buckets; nil if that is decided by a
    /// higher bucket.
    private func rank(of value: Double, in bucket: HistogramBucket, below: Double, _ total: Double) -> Double? {
        if bucket.lower >= value { return min(below, total) }
        guard bucket.upper > value else { return nil }
        return min(total, below + bucket.count * share(of: value, in: bucket))
    }

    /// The share of a bucket's observations below a value inside of it: the inverse of `value(at:of:)`.
    func share(of value: Double, in bucket: HistogramBucket) -> Double {
        if usesCustomBuckets || (bucket.lower <= 0 && bucket.upper >= 0) {
            if bucket.lower == -.infinity { return 1 }
            return (value - bucket.lower) / (bucket.upper - bucket.lower)
        }
        let (lower, upper) = (log2(bucket.lower.magnitude), log2(bucket.upper.magnitude))
        let place = log2(value.magnitude)
        return value > 0 ? (place - lower) / (upper - lower) : 1 - (place - upper) / (lower - upper)
    }

    /// The mean of all observations; NaN if there are none.
    package var average: Double { sum / count }

    /// How far observations lie from the average, squared, on average. Those in a bucket are taken to be at the geometric mean
    /// of its bounds, in custom buckets at the arithmetic mean, in the zero bucket at zero.
    package var variance: Double {
        let average = average
        var squares = CompensatedCell(0)
        for bucket in buckets {
            let middle: Double
            if usesCustomBuckets {
                middle = (bucket.upper + bucket.lower) / 2
            } else if bucket.lower <= 0, bucket.upper >= 0 {
                middle = 0
            } else {
                middle = bucket.geometricMiddle
            }
            let distance = middle - average
            squares.add(CompensatedCell(bucket.count * distance * distance))
        }
        return squares.total / count
    }
}

extension HistogramBucket {
    /// Of a bucket on one side of zero.
    var geometricMiddle: Double {
        let middle = (upper * lower).squareRoot()
        return upper < 0 ? -middle : middle
    }
}
