extension NativeHistogram {
    /// Without the observations above `bound`, as far as the buckets tell: PromQL's `</`. The bucket that has the bound inside
    /// is split as in `quantile`. One without upper end is left out, one without lower end is taken to begin at zero or, below
    /// zero, kept.
    package func trimmed(above bound: Double) -> NativeHistogram {
        trimmed { bucket in
            if bucket.lower == bucket.upper { return bucket.upper < bound ? bucket : nil }
            if bucket.upper <= bound { return bucket }
            guard bucket.lower < bound else { return nil }
            var kept = bucket
            kept.upper = bound
            if bucket.upper == .infinity { return nil }
            if bucket.lower == -.infinity {
                guard bucket.upper > 0 else { return kept }
                guard bound > 0 else { return nil }
                kept.count *= bound / bucket.upper
                return kept
            }
            kept.count *= self.share(of: bound, in: bucket)
            return kept
        }
    }

    /// Without the observations below `bound`: PromQL's `>/`. A bucket without upper end is kept, one without lower end is
    /// taken to begin at zero or, below zero, left out.
    package func trimmed(below bound: Double) -> NativeHistogram {
        trimmed { bucket in
            if bucket.lower >= bound { return bucket }
            guard bucket.upper > bound else { return nil }
            var kept = bucket
            kept.lower = bound
            if bucket.lower == -.infinity {
                guard bound >= 0, bucket.upper < .infinity else { return nil }
                kept.count *= 1 - bound / bucket.upper
                return kept
            }
            if bucket.upper < .infinity { kept.count -= bucket.count * self.share(of: bound, in: bucket) }
            return kept
        }
    }

    /// `keep` gives what is left of a bucket that is not empty. If that is not all of each, count and sum are computed anew,
    /// the latter from the middles of the buckets.
    private func trimmed(_ keep: (HistogramBucket) -> HistogramBucket?) -> NativeHistogram {
        var trimmed = self
        var (isChanged, total, sum) = (false, 0.0, 0.0)
        func left(of bucket: HistogramBucket, isEven: Bool) -> Double {
            let kept = keep(bucket)
            let count = kept?.count ?? 0
            if count != bucket.count { isChanged = true }
            if let kept {
                total += count
                sum += count * middle(of: kept, isEven: isEven)
            }
            return count
        }
        for (position, index) in BucketIndices.of(positiveSpans, count: positiveBuckets.count).enumerated() {
            let count = positiveBuckets[position]
            guard count != 0 else { continue }
            trimmed.positiveBuckets[position] = left(
                of: positiveBucket(index, count: count), isEven: usesCustomBuckets)
        }
        for (position, index) in BucketIndices.of(negativeSpans, count: negativeBuckets.count).enumerated() {
            let count = negativeBuckets[position]
            guard count != 0 else { continue }
            trimmed.negativeBuckets[position] = left(of: negativeBucket(index, count: count), isEven: false)
        }
        if zeroCount > 0 { trimmed.zeroCount = left(of: populatedHalf(of: zeroBucket), isEven: true) }
        guard isChanged else { return self }
        trimmed.count = total
        trimmed.sum = sum
        return trimmed.compacted
    }

    /// As `narrowed`, where empty buckets do not count.
    private func populatedHalf(of bucket: HistogramBucket) -> HistogramBucket {
        let hasPositive = positiveBuckets.contains { $0 != 0 }
        let hasNegative = negativeBuckets.contains { $0 != 0 }
        var half = bucket
        if hasPositive, !hasNegative { half.lower = 0 }
        if hasNegative, !hasPositive { half.upper = 0 }
        return half
    }

    /// Where the observations of a bucket are taken to be. At the finite end of one that has no other; without lower end below
    /// a positive bound, half way from zero. `isEven` says how they are spread otherwise.
    private func middle(of bucket: HistogramBucket, isEven: Bool) -> Double {
        if bucket.lower == -.infinity {
            if bucket.upper == .infinity { return 0 }
            return bucket.upper > 0 ? bucket.upper / 2 : bucket.upper
        }
        if bucket.upper == .infinity { return bucket.lower }
        return isEven ? (bucket.lower + bucket.upper) / 2 : bucket.geometricMiddle
    }
}
