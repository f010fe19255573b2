/// Going over buckets without making all of them.
extension NativeHistogram {
    /// Where a bucket stands.
    private enum Place {
        /// The position among the counts of that sign.
        case negative(Int)
        case zero
        case positive(Int)
    }

    /// Goes over the buckets that are not empty, from the lowest or from the highest on, until `visit` gives false.
    private func visitPlaces(isUpwards: Bool, _ visit: (Place, Double) -> Bool) {
        func visitNegative() -> Bool {
            let count = min(negativeBuckets.count, BucketIndices.count(negativeSpans))
            for step in 0..<count {
                // The first of them are the nearest to zero.
                let position = isUpwards ? count - 1 - step : step
                if negativeBuckets[position] != 0, !visit(.negative(position), negativeBuckets[position]) {
                    return false
                }
            }
            return true
        }
        func visitPositive() -> Bool {
            let count = min(positiveBuckets.count, BucketIndices.count(positiveSpans))
            for step in 0..<count {
                let position = isUpwards ? step : count - 1 - step
                if positiveBuckets[position] != 0, !visit(.positive(position), positiveBuckets[position]) {
                    return false
                }
            }
            return true
        }
        guard isUpwards ? visitNegative() : visitPositive() else { return }
        if zeroCount > 0, !visit(.zero, zeroCount) { return }
        _ = isUpwards ? visitPositive() : visitNegative()
    }

    /// The counts of the buckets that are not empty, ascending, added up.
    var observationsInBuckets: Double {
        var total = 0.0
        visitPlaces(isUpwards: true) { _, count in
            total += count
            return true
        }
        return total
    }

    /// The first bucket that is not empty with which, counted from below or from above, there are `rank` observations, and how
    /// many there are with it: the last one if there are fewer, one without observations if there is none.
    func bucket(ofRank rank: Double, isFromBelow: Bool) -> (bucket: HistogramBucket, seen: Double) {
        var found: (place: Place, count: Double)?
        var seen = 0.0
        visitPlaces(isUpwards: isFromBelow) { place, count in
            found = (place, count)
            seen += count
            return seen < rank
        }
        switch found {
        case (.negative(let position), let count)?:
            return (negativeBucket(BucketIndices.index(position, in: negativeSpans), count: count), seen)
        case (.zero, _)?: return (zeroBucket, seen)
        case (.positive(let position), let count)?:
            return (positiveBucket(BucketIndices.index(position, in: positiveSpans), count: count), seen)
        case nil:
            return (
                HistogramBucket(lower: 0, upper: 0, isLowerInclusive: true, isUpperInclusive: true, count: 0), seen
            )
        }
    }

    /// Goes over the buckets that are not empty, ascending, until `visit` gives false.
    func visitBuckets(_ visit: (HistogramBucket) -> Bool) {
        if !negativeBuckets.isEmpty {
            for bucket in negative.reversed() where !visit(bucket) { return }
        }
        if zeroCount > 0, !visit(zeroBucket) { return }
        var position = 0
        var index = 0
        for span in positiveSpans {
            index += Int(span.offset)
            let end = min(positiveBuckets.count, position + Int(span.length))
            for place in position..<end where positiveBuckets[place] != 0 {
                if !visit(positiveBucket(index + place - position, count: positiveBuckets[place])) { return }
            }
            position = end
            index += Int(span.length)
        }
    }
}
