/// One bucket of a histogram with its bounds.
package struct HistogramBucket: Sendable, Hashable {
    package var lower: Double
    package var upper: Double
    package let isLowerInclusive: Bool
    package let isUpperInclusive: Bool
    /// Not cumulative; below zero in differences.
    package var count: Double
}

extension NativeHistogram {
    /// All buckets that are not empty, ascending: those of negative numbers, the zero bucket, those of positive numbers.
    package var buckets: [HistogramBucket] {
        var all: [HistogramBucket] = negative.reversed()
        if zeroCount > 0 { all.append(zeroBucket) }
        return all + positive
    }

    package var zeroBucket: HistogramBucket {
        HistogramBucket(
            lower: -zeroThreshold, upper: zeroThreshold, isLowerInclusive: true, isUpperInclusive: true,
            count: zeroCount)
    }

    /// Buckets of positive numbers that are not empty (with custom bounds: of any numbers), ascending.
    var positive: [HistogramBucket] {
        zip(BucketIndices.of(positiveSpans, count: positiveBuckets.count), positiveBuckets)
            .compactMap { $1 == 0 ? nil : positiveBucket($0, count: $1) }
    }

    /// Buckets of negative numbers that are not empty, from zero downwards.
    var negative: [HistogramBucket] {
        zip(BucketIndices.of(negativeSpans, count: negativeBuckets.count), negativeBuckets)
            .compactMap { $1 == 0 ? nil : negativeBucket($0, count: $1) }
    }

    func positiveBucket(_ index: Int, count: Double) -> HistogramBucket {
        HistogramBucket(
            lower: bound(index - 1), upper: bound(index), isLowerInclusive: usesCustomBuckets && index == 0,
            isUpperInclusive: true, count: count)
    }

    func negativeBucket(_ index: Int, count: Double) -> HistogramBucket {
        HistogramBucket(
            lower: -bound(index), upper: -bound(index - 1), isLowerInclusive: true, isUpperInclusive: false,
            count: count)
    }

    /// The upper bound of the bucket of positive numbers with this index.
    private func bound(_ index: Int) -> Double {
        usesCustomBuckets
            ? BucketBounds.custom(index, customValues) : BucketBounds.exponential(index, schema: schema)
    }

    /// A bucket around zero of a histogram that has buckets on one side only is taken for the half on that side. As in
    /// Prometheus, custom buckets are all on the positive side.
    func narrowed(_ bucket: HistogramBucket) -> HistogramBucket {
        guard bucket.lower <= 0, bucket.upper >= 0 else { return bucket }
        var narrowed = bucket
        if negativeBuckets.isEmpty, !positiveBuckets.isEmpty {
            narrowed.lower = 0
        } else if positiveBuckets.isEmpty, !negativeBuckets.isEmpty {
            narrowed.upper = 0
        }
        return narrowed
    }
}
