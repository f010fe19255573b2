/// What every chunk and column begins with: the encoding and how many samples there are.
struct ChunkHeader {
    let encoding: ChunkEncoding
    let sampleCount: Int

    /// Encoding, count, two 64-bit first entries, checksum.
    static let minimumChunkByteCount = 1 + 1 + 8 + 8 + ChunkCodec.checksumByteCount
    /// Encoding, count, at least two bytes, checksum.
    static let minimumColumnByteCount = 1 + 1 + 2 + ChunkCodec.checksumByteCount

    init(encoding: ChunkEncoding, sampleCount: Int) {
        self.encoding = encoding
        self.sampleCount = sampleCount
    }

    /// Reads the header of bytes whose checksum is right.
    init(verifying bytes: Span<UInt8>) throws(ChunkCorruption) {
        self = try ChunkHeader(bytes)
        let endOffset = bytes.count - ChunkCodec.checksumByteCount
        let stored = bytes.littleEndianWord(at: endOffset)
        let computed = CRC32C.checksum(of: bytes, byteCount: endOffset)
        guard stored == computed else {
            throw ChunkCorruption(fault: .checksumMismatch(stored: stored, computed: computed), byteOffset: endOffset)
        }
    }

    /// Reads the header without looking at the checksum.
    init(_ bytes: Span<UInt8>) throws(ChunkCorruption) {
        let isColumn = bytes.count > 0 && bytes[0] > ChunkEncoding.deltaOfDeltaXOR.rawValue
        let minimum = isColumn ? ChunkHeader.minimumColumnByteCount : ChunkHeader.minimumChunkByteCount
        guard bytes.count >= minimum else {
            throw ChunkCorruption(
                fault: .tooShort(minimumByteCount: minimum, byteCount: bytes.count), byteOffset: bytes.count)
        }
        guard let encoding = ChunkEncoding(rawValue: bytes[0]) else {
            throw ChunkCorruption(fault: .unknownEncoding(code: bytes[0]), byteOffset: 0)
        }
        var count = 0
        var offset = 1
        // Three groups of seven bits hold every allowed count.
        while offset <= 3 {
            let byte = bytes[offset]
            count |= Int(byte & 0x7F) << (7 * (offset - 1))
            if byte < 0x80 { break }
            offset += 1
        }
        self.init(encoding: encoding, sampleCount: count)
        guard count >= 1, count <= ChunkCodec.maximumSampleCount, byteCount == offset + 1 else {
            throw ChunkCorruption(fault: .invalidSampleCount, byteOffset: 1)
        }
    }

    /// - Throws: `ChunkCorruption` unless this is the header of such a content.
    func expect(_ content: ChunkCorruption.Content) throws(ChunkCorruption) {
        guard encoding.content == content else {
            throw ChunkCorruption(
                fault: .otherContent(code: encoding.rawValue, expected: content), byteOffset: 0)
        }
    }

    var byteCount: Int { sampleCount < 1 << 7 ? 2 : sampleCount < 1 << 14 ? 3 : 4 }

    func append(to stream: inout PackedBits) {
        stream.append(encoding.rawValue)
        stream.append(varint: UInt64(sampleCount))
    }

    func append(to output: inout OutputSpan<UInt8>) {
        output.append(encoding.rawValue)
        var rest = sampleCount
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }
}
