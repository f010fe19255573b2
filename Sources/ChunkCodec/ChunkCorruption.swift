/// Bytes that are not a chunk, or no longer the chunk that was written.
package struct ChunkCorruption: Error, Hashable, Sendable {
    package enum Fault: Hashable, Sendable {
        /// Fewer bytes than the smallest possible chunk.
        case tooShort(minimumByteCount: Int, byteCount: Int)
        /// A first byte that no `ChunkEncoding` has.
        case unknownEncoding(code: UInt8)
        /// The sample count is zero, above `ChunkCodec.maximumSampleCount`, or not in its shortest form.
        case invalidSampleCount
        /// The CRC-32C at the end is not that of the bytes before it.
        case checksumMismatch(stored: UInt32, computed: UInt32)
        /// The bit stream ends before the announced number of samples.
        case streamEndsEarly(sampleCount: Int)
        /// Bytes, or bits that are not zero, follow the last sample.
        case bitsAfterLastSample
        /// A timestamp comes before its predecessor.
        case timestampsDescend(sampleIndex: Int)
        /// A value refers to the window of significant bits of an earlier one, and there is none.
        case windowMissing(sampleIndex: Int)
        /// A window of significant bits that reaches beyond 64 bits.
        case windowTooLong(sampleIndex: Int)
    }

    package let fault: Fault
    /// Where it was noticed, in bytes from the chunk's start.
    package let byteOffset: Int
}

extension ChunkCorruption: CustomStringConvertible {
    package var description: String {
        "chunk is corrupt at byte \(byteOffset): \(sentence); restore it from a copy or drop it"
    }

    private var sentence: String {
        switch fault {
        case .tooShort(let minimum, let count): "expected at least \(minimum) bytes, found \(count)"
        case .unknownEncoding(let code):
            "expected an encoding code of \(ChunkEncoding.allCases.map(\.rawValue)), found \(code)"
        case .invalidSampleCount:
            "expected a sample count of 1 to \(ChunkCodec.maximumSampleCount) in its shortest form, found another"
        case .checksumMismatch(let stored, let computed):
            "expected the CRC-32C 0x\(String(stored, radix: 16)) that is stored, "
                + "found 0x\(String(computed, radix: 16)) over the bytes"
        case .streamEndsEarly(let count): "expected \(count) samples, found the end of the bit stream before the last"
        case .bitsAfterLastSample: "expected zero bits to the next byte and the checksum, found more"
        case .timestampsDescend(let index):
            "expected ascending timestamps, found sample \(index) before its predecessor"
        case .windowMissing(let index):
            "expected sample \(index) to say which bits of its value follow, found a reference to an earlier sample"
        case .windowTooLong(let index): "expected at most 64 bits for the value of sample \(index), found more"
        }
    }
}
