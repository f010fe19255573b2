/// Bytes that are not a chunk, or no longer the chunk that was written.
package struct ChunkCorruption: Error, Hashable, Sendable {
    package enum Fault: Hashable, Sendable {
        /// Fewer bytes than the smallest possible chunk or column.
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
        /// An encoding that holds something else than what was asked for.
        case otherContent(code: UInt8, expected: Content)
        /// A column's data ends before its last number.
        case dataEndsEarly
        /// Bytes between a column's last number and its checksum.
        case bytesAfterData
        /// A variable-length number of more than 64 bits.
        case numberTooLong
        /// A parameter that no released layout has.
        case invalidParameter(Field, found: UInt8)
        /// A number above what it may be.
        case outOfRange(Field, found: UInt64, maximum: Int)
        /// The timestamps are not those that the header announces.
        case boundsMismatch
        /// A plane of high bits that does not decompress to one byte a number.
        case planeCorrupt
        /// Compressed histograms that do not decompress to what the header announces.
        case frameCorrupt
    }

    package enum Content: String, Hashable, Sendable {
        case samples
        case timestamps
        case values
        case histograms
    }

    package enum Field: String, Hashable, Sendable {
        case shape
        case bitWidth = "bit width"
        case scale
        case exceptionCount = "count of exceptions"
        case exceptionGap = "gap between exceptions"
        case exceptionPosition = "position of an exception"
        case planeByteCount = "size of a plane"
        case timeSpan = "time span"
        case sampleIndex = "sample index"
        case form = "form of numbers"
        case runLength = "number of histograms with one layout"
        case spanCount = "number of spans"
        case bucketCount = "number of buckets"
        case boundCount = "number of bounds"
        case schema
        case counterReset = "counter reset"
        case frameByteCount = "size of compressed data"
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
        case .otherContent(let code, let expected):
            "expected an encoding of \(expected.rawValue), found code \(code); read it with the function for its content"
        case .dataEndsEarly: "expected more numbers, found the end of the data"
        case .bytesAfterData: "expected the checksum right behind the last number, found more bytes"
        case .numberTooLong: "expected a number of at most 64 bits, found a longer one"
        case .invalidParameter(let field, let found): "expected a known \(field.rawValue), found \(found)"
        case .outOfRange(let field, let found, let maximum):
            "expected a \(field.rawValue) of at most \(maximum), found \(found)"
        case .boundsMismatch: "expected the first and last timestamp that the header announces, found others"
        case .frameCorrupt: "expected a zstd frame of the announced size, found other data"
        case .planeCorrupt: "expected a zstd frame with one byte a number, found other data"
        }
    }
}
