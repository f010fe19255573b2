package import NativeHistograms

/// Native histograms, field by field. `docs/formats/chunk.md` has the bytes.
///
///     form (1) [size of the body] body
///     body    := runs, counter reset hints, counts, zero counts, sums, then the buckets of one run after the other
///     run     := histograms with one layout (schema, zero threshold, spans, number of buckets, bounds), told once
///     buckets := integers: the first histogram's, then what each bucket rose from one histogram to the next
///              │ values: what is in a bucket, histogram by histogram
///
/// Buckets are grouped such that a column of the codec holds those of several buckets, one bucket after the other: most rise
/// by little or nothing, and frames follow those that rise by more.
enum HistogramColumn {
    /// Whether the body is a zstd frame.
    enum Form: UInt8 {
        case plain = 0
        case compressed = 1
    }

    /// How some doubles are written.
    enum NumberForm: UInt8 {
        /// All are integers, and none is −0: an integer column, or, of few, each as its difference from the one before (zigzag).
        case integers = 0
        /// A column of values, after its length.
        case values = 1
        /// Bit patterns, least significant byte first.
        case raw = 2
    }

    /// Numbers in one column of the codec.
    static let groupedCount = ChunkCodec.maximumSampleCount
    /// Up to so many integers are not worth an integer column's search and header.
    static let fewIntegers = 24
    /// A body beyond this is not compressed.
    static let maximumCompressedBody = 1 << 26
    /// What a chunk may hold, whatever few bytes it takes; more only if it has a byte for each.
    static let maximumBucketCount = 1 << 24

    /// How many buckets go into one column if each has `count` numbers (at least 1).
    static func bucketsPerGroup(count: Int) -> Int { max(1, groupedCount / count) }

    /// What consecutive histograms share.
    struct Layout {
        var schema: Int32 = 0
        var zeroThreshold = 0.0
        var positiveSpans: [NativeHistogram.Span] = []
        var negativeSpans: [NativeHistogram.Span] = []
        var positiveCount = 0
        var negativeCount = 0
        var customValues: [Double] = []

        var bucketCount: Int { positiveCount + negativeCount }
    }

    /// Histograms one after the other with the same layout.
    struct Run {
        var length: Int
        var layout: Layout
    }
}

extension ChunkCodec {
    /// Histograms, bit for bit. O(buckets).
    ///
    /// - Precondition: 1...`maximumSampleCount` histograms. Any numbers may occur, also spans that say something else than there
    ///   are buckets.
    package static func encodeHistograms(_ histograms: [NativeHistogram], effort: Effort = .best) -> [UInt8] {
        precondition(
            histograms.count >= 1 && histograms.count <= maximumSampleCount, "a chunk holds 1...65,535 histograms")
        var writer = HistogramWriter(effort: effort)
        writer.append(histograms)
        var stream = PackedBits(capacity: writer.stream.bytes.count + 16)
        ChunkHeader(encoding: .histograms, sampleCount: histograms.count).append(to: &stream)
        let body = writer.stream.bytes
        if effort == .best, body.count <= HistogramColumn.maximumCompressedBody,
            let frame = ZstdFrame.compressed(body), frame.count < body.count - body.count / 16
        {
            stream.append(HistogramColumn.Form.compressed.rawValue)
            stream.append(varint: UInt64(body.count))
            stream.bytes += frame
        } else {
            stream.append(HistogramColumn.Form.plain.rawValue)
            stream.bytes += body
        }
        return stream.sealed()
    }

    /// Appends the histograms of `encodeHistograms`. O(buckets).
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not exactly one whole chunk of histograms; then nothing is appended.
    package static func decodeHistograms(
        _ bytes: Span<UInt8>, into histograms: inout [NativeHistogram]
    ) throws(ChunkCorruption) {
        let header = try ChunkHeader(verifying: bytes)
        try header.expect(.histograms)
        var offset = header.byteCount
        let limit = bytes.count - checksumByteCount
        let form = try bytes.byte(at: &offset, limit: limit)
        switch HistogramColumn.Form(rawValue: form) {
        case .plain:
            var reader = HistogramReader(offset: offset, limit: limit)
            try reader.read(bytes, count: header.sampleCount, into: &histograms)
        case .compressed:
            let size = try bytes.count(
                at: &offset, limit: limit, maximum: HistogramColumn.maximumCompressedBody, of: .frameByteCount)
            guard let body = ZstdFrame.decompressed(bytes.extracting(offset..<limit), byteCount: size) else {
                throw ChunkCorruption(fault: .frameCorrupt, byteOffset: offset)
            }
            var reader = HistogramReader(offset: 0, limit: size)
            try reader.read(body.span, count: header.sampleCount, into: &histograms)
        case nil: throw ChunkCorruption(fault: .invalidParameter(.form, found: form), byteOffset: offset - 1)
        }
    }

    /// As `decodeHistograms(_:into:)` of a span.
    package static func decodeHistograms(
        _ bytes: [UInt8], into histograms: inout [NativeHistogram]
    ) throws(ChunkCorruption) {
        try decodeHistograms(bytes.span, into: &histograms)
    }

    /// As `decodeHistograms(_:into:)` of a span.
    package static func decodeHistograms(
        _ bytes: UnsafeRawBufferPointer, into histograms: inout [NativeHistogram]
    ) throws(ChunkCorruption) {
        try unsafe decodeHistograms(bytes.bindMemory(to: UInt8.self).span, into: &histograms)
    }
}
