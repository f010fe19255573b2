import NativeHistograms
import TelemetryModel

extension OTLPExponentialHistogram {
    /// What Prometheus takes for the width of a zero bucket whose width the client does not say.
    static let usualZeroThreshold = 1e-128

    /// As a native histogram
    /// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms): the scale is
    /// the schema, buckets of finer scales than there are schemas are merged, and the index is that of the upper bound.
    func native() throws(Refusal) -> NativeHistogram {
        let schemas = NativeHistogram.exponentialSchemas
        guard scale >= Int64(schemas.lowerBound) else { throw .scaleTooCoarse(scale) }
        let merged = max(0, scale - Int64(schemas.upperBound))
        var histogram = NativeHistogram(
            schema: Int32(min(scale, Int64(schemas.upperBound))),
            zeroThreshold: zeroThreshold == 0 ? Self.usualZeroThreshold : zeroThreshold, zeroCount: Double(zeroCount),
            count: Double(count), sum: sum ?? 0)
        try Self.convert(positive, merged, &histogram.positiveSpans, &histogram.positiveBuckets)
        try Self.convert(negative, merged, &histogram.negativeSpans, &histogram.negativeBuckets)
        do throws(HistogramFault) {
            try histogram.validate()
        } catch {
            throw Refusal(.invalidHistogram, "The histogram is none: \(error.description).")
        }
        return histogram
    }

    /// Up to two empty buckets cost less than a new span.
    private static let widestGap: Int64 = 2

    /// At the finest schema the buckets of 64-bit floats have indices up to about 275,000 either way.
    private static let possibleIndices: ClosedRange<Int64> = -(1 << 20)...(1 << 20)

    /// - Parameter merged: how often neighbours are merged into one.
    private static func convert(
        _ buckets: Buckets, _ merged: Int64, _ spans: inout [NativeHistogram.Span], _ counts: inout [Double]
    ) throws(Refusal) {
        // Beyond 63, every index is 0 or -1: shifts in Swift do that.
        var next: Int64 = 0
        var (open, total) = (Int64?.none, UInt64(0))
        func close(_ index: Int64) throws(Refusal) {
            guard possibleIndices.contains(index) else { throw .bucketOutOfRange(index) }
            if let last = spans.indices.last, index - next <= widestGap {
                spans[last].length += UInt32(index - next) + 1
                for _ in next..<index { counts.append(0) }
            } else {
                spans.append(NativeHistogram.Span(offset: Int32(index - next), length: 1))
            }
            counts.append(Double(total))
            next = index + 1
        }
        guard Int32(exactly: buckets.offset) != nil else { throw .bucketOutOfRange(buckets.offset) }
        for (position, count) in buckets.counts.enumerated() where count > 0 {
            let index = (buckets.offset + Int64(position)) >> merged + 1
            if let current = open, current != index {
                try close(current)
                total = 0
            }
            open = index
            let (sum, isOver) = total.addingReportingOverflow(count)
            total = isOver ? .max : sum
        }
        if let current = open { try close(current) }
    }
}

extension OTLPHistogram {
    /// Classic series for more buckets than these would be a store of their own for every point.
    static let mostBounds = 2_000

    func check() throws(Refusal) {
        guard counts.count == bounds.count + 1 || (counts.isEmpty && bounds.isEmpty) else {
            throw .bucketsAndBounds(buckets: counts.count, bounds: bounds.count)
        }
        guard bounds.count <= Self.mostBounds else {
            throw .tooLong("explicitBounds", limit: Self.mostBounds, got: bounds.count, of: "bounds")
        }
        if let bound = bounds.first(where: { !$0.isFinite }) { throw .boundNotFinite(bound) }
        for (lower, upper) in zip(bounds, bounds.dropFirst()) where !(lower < upper) {
            throw .boundsDescend(lower, upper)
        }
    }
}
