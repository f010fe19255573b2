import NativeHistograms

/// Writes the body of a `HistogramColumn`.
struct HistogramWriter {
    private let effort: ChunkCodec.Effort
    private(set) var stream = PackedBits(capacity: 512)

    init(effort: ChunkCodec.Effort) { self.effort = effort }

    /// - Precondition: not empty.
    mutating func append(_ histograms: [NativeHistogram]) {
        let runs = HistogramWriter.runs(of: histograms)
        stream.append(varint: UInt64(runs.count))
        for run in runs { append(layoutOf: histograms[run.lowerBound], length: run.count) }
        appendHints(histograms)
        appendNumbers(histograms.map(\.count))
        appendNumbers(histograms.map(\.zeroCount))
        appendNumbers(histograms.map(\.sum))
        for run in runs { appendBuckets(histograms[run]) }
    }

    /// Consecutive histograms with one layout each.
    private static func runs(of histograms: [NativeHistogram]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for index in 1..<max(histograms.count, 1) where !histograms[index].hasSameLayout(as: histograms[start]) {
            runs.append(start..<index)
            start = index
        }
        return runs + [start..<histograms.count]
    }

    private mutating func append(layoutOf histogram: NativeHistogram, length: Int) {
        stream.append(varint: UInt64(length))
        stream.append(signed: Int64(histogram.schema))
        // Thresholds are mostly powers of two: their patterns end with zeros, which come first after the swap.
        stream.append(varint: histogram.zeroThreshold.bitPattern.byteSwapped)
        append(histogram.positiveSpans)
        append(histogram.negativeSpans)
        stream.append(varint: UInt64(histogram.positiveBuckets.count))
        stream.append(varint: UInt64(histogram.negativeBuckets.count))
        stream.append(varint: UInt64(histogram.customValues.count))
        if !histogram.customValues.isEmpty { appendNumbers(histogram.customValues) }
    }

    private mutating func append(_ spans: [NativeHistogram.Span]) {
        stream.append(varint: UInt64(spans.count))
        for span in spans {
            stream.append(signed: Int64(span.offset))
            stream.append(varint: UInt64(span.length))
        }
    }

    private mutating func appendHints(_ histograms: [NativeHistogram]) {
        var start = 0
        while start < histograms.count {
            let hint = histograms[start].counterReset
            var end = start + 1
            while end < histograms.count, histograms[end].counterReset == hint { end += 1 }
            stream.append(varint: UInt64(end - start))
            stream.append(hint.rawValue)
            start = end
        }
    }

    // MARK: Buckets

    private mutating func appendBuckets(_ histograms: ArraySlice<NativeHistogram>) {
        guard let first = histograms.first else { return }
        let bucketCount = first.positiveBuckets.count + first.negativeBuckets.count
        if bucketCount == 0 { return }
        // Histogram by histogram.
        var values: [Double] = []
        values.reserveCapacity(bucketCount * histograms.count)
        for histogram in histograms {
            values += histogram.positiveBuckets
            values += histogram.negativeBuckets
        }
        if bucketCount <= HistogramColumn.groupedCount, values.count <= HistogramColumn.maximumBucketCount,
            let integers = HistogramWriter.integers(values)
        {
            stream.append(HistogramColumn.NumberForm.integers.rawValue)
            append(integers: Array(integers[..<bucketCount]))
            let rises = histograms.count - 1
            if rises == 0 { return }
            appendGroups(count: rises, bucketCount: bucketCount) { bucket, step in
                integers[(step + 1) * bucketCount + bucket] - integers[step * bucketCount + bucket]
            } write: {
                $0.append(integers: $1)
            }
        } else if values.count <= HistogramColumn.maximumBucketCount {
            stream.append(HistogramColumn.NumberForm.values.rawValue)
            appendGroups(count: histograms.count, bucketCount: bucketCount) { bucket, index in
                values[index * bucketCount + bucket]
            } write: {
                $0.appendColumn($1)
            }
        } else {
            stream.append(HistogramColumn.NumberForm.raw.rawValue)
            appendRaw(values)
        }
    }

    /// Gathers `count` numbers of each bucket, as many buckets at a time as go into one column.
    private mutating func appendGroups<Number>(
        count: Int, bucketCount: Int, number: (_ bucket: Int, _ index: Int) -> Number,
        write: (inout HistogramWriter, [Number]) -> Void
    ) {
        let grouped = HistogramColumn.bucketsPerGroup(count: count)
        for start in stride(from: 0, to: bucketCount, by: grouped) {
            var group: [Number] = []
            group.reserveCapacity(grouped * count)
            for bucket in start..<min(start + grouped, bucketCount) {
                for index in 0..<count { group.append(number(bucket, index)) }
            }
            write(&self, group)
        }
    }

    // MARK: Numbers

    /// - Precondition: 1...`groupedCount` values, or any number of them that have a raw form.
    private mutating func appendNumbers(_ values: [Double]) {
        if values.count <= HistogramColumn.groupedCount, let integers = HistogramWriter.integers(values) {
            stream.append(HistogramColumn.NumberForm.integers.rawValue)
            append(integers: integers)
            return
        }
        // A column has a header and a checksum, which few values are not worth.
        if values.count > 1, values.count <= HistogramColumn.groupedCount {
            let column = ChunkCodec.encodeValues(values, effort: effort)
            if column.count < 8 * values.count {
                stream.append(HistogramColumn.NumberForm.values.rawValue)
                stream.append(varint: UInt64(column.count))
                stream.bytes += column
                return
            }
        }
        stream.append(HistogramColumn.NumberForm.raw.rawValue)
        appendRaw(values)
    }

    private mutating func appendColumn(_ values: [Double]) {
        let column = ChunkCodec.encodeValues(values, effort: effort)
        stream.append(varint: UInt64(column.count))
        stream.bytes += column
    }

    private mutating func append(integers: [Int64]) {
        if integers.count <= HistogramColumn.fewIntegers {
            var previous: Int64 = 0
            for integer in integers {
                stream.append(signed: integer - previous)
                previous = integer
            }
            return
        }
        IntegerColumn.append(
            integers.span,
            search: IntegerColumn.Search(
                models: effort == .best ? [.plain, .steps, .changes] : [.plain, .steps], isQuick: effort == .fast,
                triesPlane: effort == .best && integers.count >= 1_024),
            to: &stream)
    }

    private mutating func appendRaw(_ values: [Double]) {
        stream.bytes.reserveCapacity(stream.bytes.count + 8 * values.count)
        for value in values {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                stream.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
            }
        }
    }

    /// The values as integers below 2^53; nil if one is not, or is −0.
    private static func integers(_ values: [Double]) -> [Int64]? {
        var integers: [Int64] = []
        integers.reserveCapacity(values.count)
        for value in values {
            guard value.magnitude < 0x1p53 else { return nil }
            let integer = Int64(value)
            guard Double(integer).bitPattern == value.bitPattern else { return nil }
            integers.append(integer)
        }
        return integers
    }
}
