/// A classic histogram at one moment: cumulative counts by upper bound.
package struct ClassicBuckets: Sendable {
    package struct Bucket: Sendable {
        package let upperBound: Double
        /// Cumulative.
        package let count: Double

        package init(upperBound: Double, count: Double) {
            self.upperBound = upperBound
            self.count = count
        }
    }

    package var buckets: [Bucket] = []
    package var sum: Double?
    package var count: Double?

    package init() {}

    /// The same as a native histogram with custom buckets; nil if counts fall from one bucket to the next.
    package var histogram: NativeHistogram? {
        let ascending = buckets.sorted { $0.upperBound < $1.upperBound }
        let finite = ascending.filter { $0.upperBound < .infinity }
        let total = count ?? ascending.last?.count ?? 0
        var list = CellBucketsBuilder<Double>(capacity: finite.count + 1)
        var previous = 0.0
        for (index, cumulative) in (finite.map(\.count) + [total]).enumerated() {
            let count = cumulative - previous
            if count < 0 { return nil }
            if count != 0 { list.append(index, count) }
            previous = cumulative
        }
        let positive = list.buckets
        return NativeHistogram(
            schema: NativeHistogram.customBuckets, count: total, sum: sum ?? 0, positiveSpans: positive.spans,
            positiveBuckets: positive.cells, customValues: finite.map(\.upperBound))
    }
}
