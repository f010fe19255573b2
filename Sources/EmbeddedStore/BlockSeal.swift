/// Checks that bind what is not inside a chunk to the row where it stands: SQLite's pages have no checksums, so a flipped bit
/// in a key, a label or a list would otherwise go unseen. Not against forgery.
///
/// The mixing step is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct BlockSeal {
    private(set) var state: UInt64

    init(_ start: Int64) {
        state = 0
        combine(start)
    }

    @inline(__always)
    mutating func combine(_ word: Int64) {
        var z = (state ^ UInt64(bitPattern: word)) &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        state = z ^ (z >> 31)
    }

    /// The length, then the bytes as little-endian words, the last one filled up with zeros.
    mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        combine(Int64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            combine(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
            offset += 8
        }
        guard offset < bytes.count else { return }
        var last: UInt64 = 0
        for index in offset..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - offset)) }
        combine(Int64(bitPattern: last))
    }

    mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
    }

    var short: UInt16 { UInt16(truncatingIfNeeded: state) }
    var word: UInt32 { UInt32(truncatingIfNeeded: state) }
}

extension Array where Element == UInt8 {
    /// The seal's lowest bytes, least significant first.
    mutating func append<Number: FixedWidthInteger & UnsignedInteger>(seal: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: seal >> Number(shift)))
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Bytes without the seal at their end, and the seal; nil if there is no room for one.
    func splitSeal<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type
    ) -> (content: UnsafeRawBufferPointer, seal: Number)? {
        let size = Number.bitWidth / 8
        guard count >= size else { return nil }
        let seal = Number(littleEndian: loadUnaligned(fromByteOffset: count - size, as: Number.self))
        return (UnsafeRawBufferPointer(rebasing: self[..<(count - size)]), seal)
    }
}
