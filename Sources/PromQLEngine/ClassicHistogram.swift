/// The cumulative buckets of one classic histogram at one step, ascending by bound.
///
/// The algorithms are those of Prometheus' `histogram_quantile` and `histogram_fraction` for classic histograms.
struct ClassicHistogram {
    struct Bucket {
        let upperBound: Double
        var count: Double
    }

    private var buckets: [Bucket]
    /// Counts fell from one bucket to the next by more than rounding explains, and were lifted.
    private(set) var wasForcedMonotonic = false

    /// `buckets` are ascending by bound; equal bounds are added up.
    init(_ buckets: [Bucket]) {
        self.buckets = []
        for bucket in buckets {
            if let last = self.buckets.indices.last, self.buckets[last].upperBound == bucket.upperBound {
                self.buckets[last].count += bucket.count
            } else {
                self.buckets.append(bucket)
            }
        }
        guard self.buckets.last?.upperBound == .infinity else { return }
        var previous = self.buckets[0].count
        for index in self.buckets.indices.dropFirst() {
            let count = self.buckets[index].count
            if count.isNearly(previous) {
                self.buckets[index].count = previous
            } else if count < previous {
                self.buckets[index].count = previous
                wasForcedMonotonic = true
            } else {
                previous = count
            }
        }
    }

    private var isComplete: Bool { buckets.last?.upperBound == .infinity }

    func quantile(_ q: Double) -> Double {
        if q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        guard isComplete, buckets.count > 1, let total = buckets.last?.count, total > 0 else { return .nan }
        var rank = q * total
        let last = buckets.count - 1
        let index = buckets[..<last].firstIndex { $0.count >= rank } ?? last
        if index == last { return buckets[last - 1].upperBound }
        let end = buckets[index].upperBound
        if index == 0 {
            return end <= 0 ? end : end * (rank / buckets[0].count)
        }
        let start = buckets[index - 1].upperBound
        rank -= buckets[index - 1].count
        return start + (end - start) * (rank / (buckets[index].count - buckets[index - 1].count))
    }

    /// The share of observations between two values.
    func fraction(from lower: Double, to upper: Double) -> Double {
        guard isComplete, let total = buckets.last?.count, total > 0, !lower.isNaN, !upper.isNaN else { return .nan }
        guard lower < upper else { return 0 }
        return (rank(of: upper, total) - rank(of: lower, total)) / total
    }

    /// How many observations are at most `value`, interpolated within its bucket.
    private func rank(of value: Double, _ total: Double) -> Double {
        var below = 0.0
        for (index, bucket) in buckets.enumerated() {
            let start = index > 0 ? buckets[index - 1].upperBound : bucket.upperBound > 0 ? 0 : -.infinity
            if start >= value { return below }
            if bucket.upperBound > value {
                // Nothing is known about where in a bucket without lower end the observations lie.
                guard start.isFinite else { return bucket.count }
                return below + (bucket.count - below) * (value - start) / (bucket.upperBound - start)
            }
            below = bucket.count
        }
        return min(below, total)
    }
}

extension Double {
    /// Equal but for what rounding in the 12th digit explains.
    fileprivate func isNearly(_ other: Double) -> Bool {
        if self == other || (isNaN && other.isNaN) { return true }
        let difference = (self - other).magnitude
        return difference <= 1e-12 * (magnitude + other.magnitude)
    }
}
