#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A native histogram while it is observed, one value at a time, with exponential buckets.
///
/// It begins with schema 3, whose buckets grow by 9 %, and halves its resolution whenever it would have more buckets than it
/// may, as Prometheus' client libraries do (https://prometheus.io/docs/specs/native_histograms/).
package struct ObservedHistogram: Sendable {
    package static let mostBuckets = 160
    /// Prometheus' default: 2^-128.
    package static let zeroThreshold = 0x1p-128
    private static let finestSchema: Int32 = 3

    private var schema = Self.finestSchema
    private var positive: [Int: Double] = [:]
    private var negative: [Int: Double] = [:]
    private var zeroCount = 0.0
    private var count = 0.0
    private var sum = 0.0

    package init() {}

    /// - Parameters:
    ///   - value: finite.
    ///   - weight: how many observations of this value are counted; above zero.
    package mutating func observe(_ value: Double, weight: Double = 1) {
        count += weight
        sum += value * weight
        guard value.magnitude > Self.zeroThreshold else {
            zeroCount += weight
            return
        }
        let index = BucketBounds.index(of: value.magnitude, schema: schema)
        if value > 0 { positive[index, default: 0] += weight } else { negative[index, default: 0] += weight }
        while positive.count + negative.count > Self.mostBuckets,
            schema > NativeHistogram.exponentialSchemas.lowerBound
        {
            schema -= 1
            positive = Self.halved(positive)
            negative = Self.halved(negative)
        }
    }

    private static func halved(_ buckets: [Int: Double]) -> [Int: Double] {
        var merged: [Int: Double] = [:]
        for (index, count) in buckets { merged[(index + 1) >> 1, default: 0] += count }
        return merged
    }

    package var histogram: NativeHistogram {
        let (positive, negative) = (Self.cells(positive), Self.cells(negative))
        return NativeHistogram(
            schema: schema, zeroThreshold: Self.zeroThreshold, zeroCount: zeroCount, count: count, sum: sum,
            positiveSpans: positive.spans, positiveBuckets: positive.cells, negativeSpans: negative.spans,
            negativeBuckets: negative.cells)
    }

    private static func cells(_ buckets: [Int: Double]) -> CellBuckets<Double> {
        var builder = CellBucketsBuilder<Double>(capacity: buckets.count)
        for (index, count) in buckets.sorted(by: { $0.key < $1.key }) { builder.append(index, count) }
        return builder.buckets
    }
}

extension BucketBounds {
    /// The index of the bucket that holds a number above zero: the lowest whose upper, inclusive bound is not below it.
    static func index(of value: Double, schema: Int32) -> Int {
        guard value <= .greatestFiniteMagnitude else { return index(of: .greatestFiniteMagnitude, schema: schema) + 1 }
        // The logarithm is off by a rounding at the most, which is put right by the bounds themselves.
        var index = Int((log2(value) * scalbn(1, schema)).rounded(.up))
        while index > Int.min / 2, exponential(index - 1, schema: schema) >= value { index -= 1 }
        while exponential(index, schema: schema) < value { index += 1 }
        return index
    }
}
