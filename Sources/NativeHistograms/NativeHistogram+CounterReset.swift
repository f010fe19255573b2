extension NativeHistogram {
    /// Whether counting began anew between `previous` and this one. If this does not say so itself: some count fell, or the
    /// buckets changed in a way that only a new beginning explains (a higher resolution, a narrower zero bucket, another kind
    /// of buckets).
    package func isReset(after previous: NativeHistogram) -> Bool {
        switch counterReset {
        case .reset: return true
        case .notReset: return false
        case .unknown, .gauge: break
        }
        if count < previous.count || usesCustomBuckets != previous.usesCustomBuckets { return true }
        if usesCustomBuckets {
            guard customValues != previous.customValues else {
                return Self.hasFallen(from: previous.positiveCells, to: positiveCells)
            }
            let bounds = CellHistogram<Double>.commonBounds(customValues, previous.customValues)
            var (now, before) = (CellHistogram<Double>(self), CellHistogram<Double>(previous))
            now.reduce(to: bounds)
            before.reduce(to: bounds)
            return Self.hasFallen(from: before.positive, to: now.positive)
        }
        if schema > previous.schema || zeroThreshold < previous.zeroThreshold { return true }
        if schema == previous.schema, zeroThreshold == previous.zeroThreshold {
            return zeroCount < previous.zeroCount || Self.hasFallen(from: previous.positiveCells, to: positiveCells)
                || Self.hasFallen(from: previous.negativeCells, to: negativeCells)
        }
        var before = CellHistogram<Double>(previous)
        if zeroThreshold > before.zeroThreshold {
            before.widenZeroBucket(to: zeroThreshold)
            // The new threshold lies inside of a bucket that was not empty.
            if before.zeroThreshold != zeroThreshold { return true }
        }
        before.reduce(to: schema)
        return zeroCount < before.zero || Self.hasFallen(from: before.positive, to: positiveCells)
            || Self.hasFallen(from: before.negative, to: negativeCells)
    }

    private var positiveCells: CellBuckets<Double> { CellBuckets(spans: positiveSpans, cells: positiveBuckets) }
    private var negativeCells: CellBuckets<Double> { CellBuckets(spans: negativeSpans, cells: negativeBuckets) }

    /// Whether any bucket has less than before; a bucket that is not there has nothing.
    private static func hasFallen(from before: CellBuckets<Double>, to now: CellBuckets<Double>) -> Bool {
        if before.spans == now.spans, before.cells.count == now.cells.count {
            return zip(now.cells, before.cells).contains { $0 < $1 }
        }
        let (nowIndices, beforeIndices) = (now.indices, before.indices)
        var position = 0
        for (index, count) in zip(beforeIndices, before.cells) {
            while position < nowIndices.count, nowIndices[position] < index { position += 1 }
            if position < nowIndices.count, nowIndices[position] == index {
                if now.cells[position] < count { return true }
            } else if count != 0 {
                return true
            }
        }
        return false
    }

    /// The same buckets with the same counts, and the same totals; a sum that is NaN equals itself. Empty buckets count, how
    /// spans are cut and what is known of counter resets does not.
    package func matches(_ other: NativeHistogram) -> Bool {
        guard schema == other.schema, zeroThreshold == other.zeroThreshold, zeroCount == other.zeroCount,
            count == other.count, sum.bitPattern == other.sum.bitPattern,
            !usesCustomBuckets || customValues == other.customValues
        else { return false }
        return positiveBuckets == other.positiveBuckets && negativeBuckets == other.negativeBuckets
            && positiveCells.indices == other.positiveCells.indices
            && negativeCells.indices == other.negativeCells.indices
    }
}
