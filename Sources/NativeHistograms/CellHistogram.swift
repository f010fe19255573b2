/// Two histograms that cannot be put together.
package enum HistogramMismatch: Error, Equatable, CustomStringConvertible {
    /// One has exponential buckets, the other custom ones.
    case incompatibleSchemas

    package var description: String { "exponential and custom buckets cannot be put together" }
}

/// A histogram while others are added to it.
struct CellHistogram<Cell: BucketCell>: Sendable {
    var schema: Int32
    var zeroThreshold: Double
    var zero: Cell
    var count: Cell
    var sum: Cell
    var positive: CellBuckets<Cell>
    var negative: CellBuckets<Cell>
    var customValues: [Double]

    init(_ histogram: NativeHistogram) {
        schema = histogram.schema
        zeroThreshold = histogram.zeroThreshold
        zero = Cell(histogram.zeroCount)
        count = Cell(histogram.count)
        sum = Cell(histogram.sum)
        positive = CellBuckets(spans: histogram.positiveSpans, cells: histogram.positiveBuckets.map(Cell.init))
        negative = CellBuckets(spans: histogram.negativeSpans, cells: histogram.negativeBuckets.map(Cell.init))
        customValues = histogram.customValues
    }

    func histogram(_ counterReset: NativeHistogram.CounterReset) -> NativeHistogram {
        NativeHistogram(
            schema: schema, counterReset: counterReset, zeroThreshold: zeroThreshold, zeroCount: zero.total,
            count: count.total, sum: sum.total, positiveSpans: positive.spans,
            positiveBuckets: positive.cells.map(\.total), negativeSpans: negative.spans,
            negativeBuckets: negative.cells.map(\.total), customValues: customValues)
    }

    var usesCustomBuckets: Bool { schema == NativeHistogram.customBuckets }

    var isOverflown: Bool {
        zero.isOverflown || count.isOverflown || sum.isOverflown || positive.cells.contains(where: \.isOverflown)
            || negative.cells.contains(where: \.isOverflown)
    }

    mutating func forEachCell(_ change: (inout Cell) -> Void) {
        change(&zero)
        change(&count)
        change(&sum)
        positive.forEachCell(change)
        negative.forEachCell(change)
    }

    // MARK: Addition

    /// As of cells, in place where the layouts are the same, as they mostly are.
    mutating func add(_ other: NativeHistogram) throws(HistogramMismatch) -> Bool {
        guard hasSameLayout(as: other) else { return try add(CellHistogram(other)) }
        zero.add(Cell(other.zeroCount))
        count.add(Cell(other.count))
        sum.add(Cell(other.sum))
        positive.addInPlace(other.positiveBuckets)
        negative.addInPlace(other.negativeBuckets)
        return false
    }

    private func hasSameLayout(as other: NativeHistogram) -> Bool {
        schema == other.schema && zeroThreshold == other.zeroThreshold && customValues == other.customValues
            && positive.cells.count == other.positiveBuckets.count && positive.spans == other.positiveSpans
            && negative.cells.count == other.negativeBuckets.count && negative.spans == other.negativeSpans
    }

    /// Brings both to the same buckets (the lower resolution, the wider zero bucket, the common custom bounds) and adds.
    /// True if custom bounds differed.
    mutating func add(_ other: CellHistogram) throws(HistogramMismatch) -> Bool {
        guard usesCustomBuckets == other.usesCustomBuckets else { throw .incompatibleSchemas }
        var other = other
        var isReconciled = false
        if usesCustomBuckets {
            isReconciled = customValues != other.customValues
            if isReconciled {
                let bounds = Self.commonBounds(customValues, other.customValues)
                reduce(to: bounds)
                other.reduce(to: bounds)
            }
        } else {
            reconcileZeroBuckets(with: &other)
            let lower = min(schema, other.schema)
            reduce(to: lower)
            other.reduce(to: lower)
        }
        zero.add(other.zero)
        count.add(other.count)
        sum.add(other.sum)
        positive.add(other.positive)
        negative.add(other.negative)
        return isReconciled
    }

    // MARK: Resolution

    /// Merges buckets until each is as wide as in `target`; nothing happens if that has no lower resolution.
    mutating func reduce(to target: Int32) {
        guard target < schema, !usesCustomBuckets else { return }
        let shift = Int(schema) - Int(target)
        // The buckets from (i - 1) * 2^shift + 1 to i * 2^shift are in bucket i.
        positive.move { index, _ in ((index - 1) >> shift) + 1 }
        negative.move { index, _ in ((index - 1) >> shift) + 1 }
        schema = target
    }

    /// Merges custom buckets until only `bounds`, all of which this has, are left between them.
    mutating func reduce(to bounds: [Double]) {
        var place = 0
        let values = customValues
        positive.move { index, _ in
            let upper = BucketBounds.custom(index, values)
            while place < bounds.count, bounds[place] < upper { place += 1 }
            return place
        }
        customValues = bounds
    }

    static func commonBounds(_ left: [Double], _ right: [Double]) -> [Double] {
        var common: [Double] = []
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            if left[i] == right[j] {
                common.append(left[i])
                i += 1
                j += 1
            } else if left[i] < right[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return common
    }

    // MARK: Zero bucket

    /// Widens the narrower one until both are equally wide. Ends since each round makes one wider, and no wider than its
    /// outermost bucket.
    private mutating func reconcileZeroBuckets(with other: inout CellHistogram) {
        while zeroThreshold != other.zeroThreshold {
            if zeroThreshold < other.zeroThreshold {
                widenZeroBucket(to: other.zeroThreshold)
            } else if other.zeroThreshold < zeroThreshold {
                other.widenZeroBucket(to: zeroThreshold)
            } else {
                return
            }
        }
    }

    /// Takes all buckets within the threshold into the zero bucket. A threshold inside of a bucket that is not empty goes up
    /// to the end of that bucket.
    mutating func widenZeroBucket(to threshold: Double) {
        var threshold = threshold
        let schema = schema
        let lists = [positive, negative].map { buckets in
            zip(buckets.indices, buckets.cells).filter { $1.total != 0 }.map(\.0)
        }
        var isSettled = false
        while !isSettled {
            isSettled = true
            for index in lists.joined() {
                let upper = BucketBounds.exponential(index, schema: schema)
                if BucketBounds.exponential(index - 1, schema: schema) < threshold, upper > threshold {
                    threshold = upper
                    isSettled = false
                }
            }
        }
        var merged = zero
        func absorb(_ buckets: inout CellBuckets<Cell>) {
            buckets.move { index, cell in
                guard BucketBounds.exponential(index - 1, schema: schema) < threshold else { return index }
                merged.add(cell)
                return nil
            }
        }
        absorb(&positive)
        absorb(&negative)
        zero = merged
        zeroThreshold = threshold
    }
}
