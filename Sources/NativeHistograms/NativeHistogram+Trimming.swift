extension NativeHistogram {
    /// Without the observations above `bound`, as far as the buckets tell: PromQL's `</`. The bucket that has the bound inside
    /// is split as in `quantile`.
    package func trimmed(above bound: Double) -> NativeHistogram {
        trimmed { bucket in
            let bucket = self.narrowed(bucket)
            if bucket.upper <= bound { return bucket }
            // Nothing is known about where in a bucket without upper end the observations lie.
            guard bucket.lower < bound, !self.usesCustomBuckets || bucket.upper < .infinity,
                bucket.lower > -.infinity || bucket.upper < 0
            else { return nil }
            var kept = bucket
            kept.count *= self.share(of: bound, in: bucket)
            kept.upper = bound
            return kept
        }
    }

    /// Without the observations below `bound`: PromQL's `>/`.
    package func trimmed(below bound: Double) -> NativeHistogram {
        trimmed { original in
            let bucket = self.narrowed(original)
            if bound == -.infinity { return bucket }
            // Nothing is known about where in a bucket without lower end the observations lie, unless it can be taken to
            // begin at zero.
            if original.lower == -.infinity, original.upper <= 0 || original.upper == .infinity { return nil }
            if bucket.lower >= bound { return bucket }
            guard bucket.upper > bound else { return nil }
            var kept = bucket
            if bucket.upper < .infinity { kept.count *= 1 - self.share(of: bound, in: bucket) }
            kept.lower = bound
            return kept
        }
    }

    /// `keep` gives what is left of a bucket that is not empty. If that is not all of each, count and sum are computed anew,
    /// the latter from the middles of the buckets.
    private func trimmed(_ keep: (HistogramBucket) -> HistogramBucket?) -> NativeHistogram {
        var trimmed = self
        var (isChanged, total, sum) = (false, 0.0, 0.0)
        func left(of bucket: HistogramBucket) -> Double {
            let kept = keep(bucket)
            let count = kept?.count ?? 0
            if count != bucket.count { isChanged = true }
            if let kept, count != 0 {
                total += count
                sum += count * middle(of: kept)
            }
            return count
        }
        for (position, index) in BucketIndices.of(positiveSpans, count: positiveBuckets.count).enumerated() {
            let count = positiveBuckets[position]
            guard count != 0 else { continue }
            trimmed.positiveBuckets[position] = left(of: positiveBucket(index, count: count))
        }
        for (position, index) in BucketIndices.of(negativeSpans, count: negativeBuckets.count).enumerated() {
            let count = negativeBuckets[position]
            guard count != 0 else { continue }
            trimmed.negativeBuckets[position] = left(of: negativeBucket(index, count: count))
        }
        if zeroCount > 0 { trimmed.zeroCount = left(of: zeroBucket) }
        guard isChanged else { return self }
        trimmed.count = total
        trimmed.sum = sum
        return trimmed.compacted
    }

    /// Where the observations of a bucket are taken to be. At the finite end of one that has no other; without lower end below
    /// a positive bound, half way from zero.
    private func middle(of bucket: HistogramBucket) -> Double {
        if bucket.lower == -.infinity {
            if bucket.upper == .infinity { return 0 }
            return bucket.upper > 0 ? bucket.upper / 2 : bucket.upper
        }
        if bucket.upper == .infinity { return bucket.lower }
        if usesCustomBuckets || (bucket.lower <= 0 && bucket.upper >= 0) { return (bucket.lower + bucket.upper) / 2 }
        return bucket.geometricMiddle
    }
}
