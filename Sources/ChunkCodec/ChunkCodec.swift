/// Columns of samples ⇄ compressed bytes. Pure: no clock, no I/O; the layout is in `docs/formats/chunk.md`.
///
/// A *chunk* holds both columns of a series:
///
///     encoding (1) | sample count (varint, 1–3) | bit stream: timestamps, values | CRC-32C (4, little-endian)
///
/// A *column* holds timestamps or values alone, so that series which were sampled together can share their timestamps
/// (`encodeTimestamps`, `encodeValues`).
package enum ChunkCodec {
    package static let maximumSampleCount = 65_535

    static let checksumByteCount = 4

    /// One chunk with these samples, bit for bit. O(samples).
    ///
    /// - Precondition: the columns have equal lengths of 1...`maximumSampleCount`, and no timestamp is below its
    ///   predecessor (equal ones are allowed). Any Int64 and any bit pattern of a Double may occur.
    package static func encode(timestamps: Span<Int64>, values: Span<Double>) -> [UInt8] {
        precondition(timestamps.count == values.count, "a sample is a timestamp and a value")
        precondition(
            timestamps.count >= 1 && timestamps.count <= maximumSampleCount, "a chunk holds 1...65,535 samples")
        var stream = BitWriter(reservingWords: 8 + timestamps.count)
        TimestampColumn.append(timestamps, to: &stream)
        ValueColumn.append(values, to: &stream)
        let header = ChunkHeader(encoding: .deltaOfDeltaXOR, sampleCount: timestamps.count)
        return [UInt8](capacity: header.byteCount + stream.byteCount + checksumByteCount) { output in
            header.append(to: &output)
            stream.appendBytes(to: &output)
            var checksum = CRC32C.checksum(of: output.span, byteCount: output.count)
            for _ in 0..<checksumByteCount {
                output.append(UInt8(truncatingIfNeeded: checksum))
                checksum >>= 8
            }
        }
    }

    /// As `encode(timestamps:values:)` over spans.
    package static func encode(timestamps: [Int64], values: [Double]) -> [UInt8] {
        encode(timestamps: timestamps.span, values: values.span)
    }

    /// Appends the chunk's samples to both columns. O(samples).
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not exactly one whole chunk; then the columns are as they were.
    package static func decode(
        _ bytes: Span<UInt8>, intoTimestamps timestamps: inout [Int64], values: inout [Double]
    ) throws(ChunkCorruption) {
        let header = try ChunkHeader(verifying: bytes)
        try header.expect(.samples)
        let earlierTimestampCount = timestamps.count
        let earlierValueCount = values.count
        do throws(ChunkCorruption) {
            var position = header.byteCount * 8
            try TimestampColumn.decode(bytes, at: &position, count: header.sampleCount, into: &timestamps)
            try ValueColumn.decode(bytes, at: &position, count: header.sampleCount, into: &values)
            try checkEnd(of: bytes, at: position, sampleCount: header.sampleCount)
        } catch {
            timestamps.removeLast(timestamps.count - earlierTimestampCount)
            values.removeLast(values.count - earlierValueCount)
            throw error
        }
    }

    /// As `decode(_:intoTimestamps:values:)` over a span.
    package static func decode(
        _ bytes: [UInt8], intoTimestamps timestamps: inout [Int64], values: inout [Double]
    ) throws(ChunkCorruption) {
        try decode(bytes.span, intoTimestamps: &timestamps, values: &values)
    }

    /// How many samples the chunk or column says it has. O(1): reads the header and does not verify the checksum.
    package static func sampleCount(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> Int {
        try ChunkHeader(bytes).sampleCount
    }

    /// As `sampleCount(_:)` of a span.
    package static func sampleCount(_ bytes: [UInt8]) throws(ChunkCorruption) -> Int {
        try sampleCount(bytes.span)
    }

    /// The stream must end in the last byte before the checksum, and that byte's unused bits be zero: one set of
    /// samples under one encoder has one set of bytes.
    static func checkEnd(of bytes: Span<UInt8>, at position: Int, sampleCount: Int) throws(ChunkCorruption) {
        let endOffset = bytes.count - checksumByteCount
        guard position <= endOffset * 8 else {
            throw ChunkCorruption(fault: .streamEndsEarly(sampleCount: sampleCount), byteOffset: endOffset)
        }
        let unused = endOffset * 8 - position
        guard unused < 8, unused == 0 || bytes.bits(unused, at: position) == 0 else {
            throw ChunkCorruption(fault: .bitsAfterLastSample, byteOffset: position / 8)
        }
    }
}
