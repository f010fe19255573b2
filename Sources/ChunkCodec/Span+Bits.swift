/// Reading bits, most significant first, and little-endian words. Positions count bits from the span's start.
///
/// Reading past the end gives zero bits, so that a decoder's loop needs one check of its final position instead of one
/// per sample; no position makes it trap.
extension Span<UInt8> {
    /// At least 57 bits from `position` on, left-aligned; what is below them is zero or the start of the next ones.
    @inline(__always)
    func bits(at position: Int) -> UInt64 {
        let offset = position &>> 3
        if offset <= count &- 8 {
            // Safe: offset >= 0 and offset + 8 <= count, and every bit pattern is a UInt64.
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            return word.bigEndian &<< UInt64(truncatingIfNeeded: position & 7)
        }
        return lastBits(at: position)
    }

    @inline(never)
    private func lastBits(at position: Int) -> UInt64 {
        let offset = position &>> 3
        var word: UInt64 = 0
        for index in offset..<(offset + 8) {
            word = word &<< 8 | (index < count ? UInt64(self[index]) : 0)
        }
        return word &<< UInt64(truncatingIfNeeded: position & 7)
    }

    /// The next `count` (1...64) bits, right-aligned.
    @inline(__always)
    func bits(_ count: Int, at position: Int) -> UInt64 {
        if count <= 57 { return bits(at: position) &>> UInt64(truncatingIfNeeded: 64 &- count) }
        let high = bits(at: position) &>> 32
        let low = bits(at: position &+ 32) &>> UInt64(truncatingIfNeeded: 96 &- count)
        return high &<< UInt64(truncatingIfNeeded: count &- 32) | low
    }

    /// The four bytes from `offset` on, which must lie within the span, least significant first.
    func littleEndianWord(at offset: Int) -> UInt32 {
        UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }
}
