/// A growing byte string with numbers in it: bytes, variable-length integers, and runs of packed bits.
///
/// Packed bits fill each byte from its least significant bit; `closeByte` ends a run of them.
struct PackedBits {
    var bytes: [UInt8] = []
    /// Bits that do not make a whole word yet, the first of them lowest; the unused rest is zero.
    var openBits: UInt64 = 0
    /// 0..<64.
    var openBitCount = 0

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Unsigned LEB128: seven bits a byte, least significant group first, high bit set on all but the last.
    mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag: 0, −1, 1, −2, 2 … become 0, 1, 2, 3, 4 …, then LEB128.
    mutating func append(signed: Int64) {
        append(varint: UInt64(bitPattern: signed &<< 1 ^ signed &>> 63))
    }

    /// Fills the last byte of a run of packed bits with zeros.
    mutating func closeByte() {
        while openBitCount > 0 {
            bytes.append(UInt8(truncatingIfNeeded: openBits))
            openBits >>= 8
            openBitCount -= 8
        }
        openBits = 0
        openBitCount = 0
    }

    /// All bytes, with their checksum behind them.
    consuming func sealed() -> [UInt8] {
        var checksum = CRC32C.checksum(of: bytes.span, byteCount: bytes.count)
        for _ in 0..<ChunkCodec.checksumByteCount {
            bytes.append(UInt8(truncatingIfNeeded: checksum))
            checksum >>= 8
        }
        return bytes
    }

    static func varintByteCount(_ number: UInt64) -> Int {
        number == 0 ? 1 : (70 - number.leadingZeroBitCount) / 7
    }
}
