extension ChunkCodec {
    /// How much time may be spent on small columns.
    package enum Effort: Sendable {
        /// The first good form: for columns that will soon be encoded again.
        case fast
        /// The smallest of all forms.
        case best
    }

    /// A column of values, bit for bit, in the smallest form that was found. O(samples).
    ///
    /// - Precondition: 1...`maximumSampleCount` values. Any bit pattern may occur.
    package static func encodeValues(_ values: Span<Double>, effort: Effort = .best) -> [UInt8] {
        precondition(values.count >= 1 && values.count <= maximumSampleCount, "a column holds 1...65,535 samples")
        return ValueForms.smallest(values, effort: effort)
    }

    /// Appends the column's values. O(samples).
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not exactly one whole column of values; then nothing is appended.
    package static func decodeValues(_ bytes: Span<UInt8>, into values: inout [Double]) throws(ChunkCorruption) {
        let header = try ChunkHeader(verifying: bytes)
        try ValueDecoder(bytes, header: header).append(bytes, samples: 0..<header.sampleCount, into: &values)
    }

    /// Appends the values of these samples. O(samples in frames that are touched); the checksum of the whole column is
    /// verified.
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not one whole column of values, or of fewer than
    ///   `samples.upperBound`; then nothing is appended.
    /// - Precondition: `samples.lowerBound >= 0`.
    package static func decodeValues(
        _ bytes: Span<UInt8>, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        precondition(samples.lowerBound >= 0, "sample indices count from 0")
        let header = try ChunkHeader(verifying: bytes)
        guard samples.upperBound <= header.sampleCount else {
            throw ChunkCorruption(
                fault: .outOfRange(.sampleIndex, found: UInt64(samples.upperBound), maximum: header.sampleCount),
                byteOffset: 1)
        }
        try ValueDecoder(bytes, header: header).append(bytes, samples: samples, into: &values)
    }
}
