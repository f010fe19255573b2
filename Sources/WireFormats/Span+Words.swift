/// Eight bytes at a time ("SIMD within a register").
extension Span<UInt8> {
    /// The eight bytes from `offset` on, the first one lowest. They must all lie inside the span.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        // The load checks its bounds, needs no alignment, and every bit pattern is a UInt64.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The `length` (0…8) bytes from `offset` on, zero-extended.
    @inline(__always)
    func word(at offset: Int, length: Int) -> UInt64 {
        if offset &+ 8 <= count {
            return length == 8 ? word(at: offset) : word(at: offset) & ((1 << UInt64(length &* 8)) &- 1)
        }
        var word: UInt64 = 0
        var index = offset &+ length
        while index > offset {
            index &-= 1
            word = word << 8 | UInt64(self[index])
        }
        return word
    }

    /// A copy of the bytes in `range`.
    func array(_ range: ByteRange) -> [UInt8] {
        [UInt8](capacity: range.count) { out in
            var index = range.start
            while index < range.end {
                out.append(self[index])
                index &+= 1
            }
        }
    }
}

extension [UInt8] {
    /// Appends a copy of the bytes in `range`, which must all lie inside the span.
    mutating func append(_ range: ByteRange, of bytes: Span<UInt8>) {
        // `extracting` checks the bounds, and the pointer does not leave the closure.
        unsafe bytes.extracting(range.start..<range.end).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

/// Tests on the eight bytes of a word. In each result the lowest set bit is the top bit of the first byte that passes;
/// bits above it may be false alarms, because a borrow runs upwards.
enum Bytes8 {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    static func equal(_ word: UInt64, to byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & tops
    }

    /// Bytes below 0x20, which JSON strings may hold only as escapes.
    @inline(__always)
    static func control(_ word: UInt64) -> UInt64 {
        (word &- (ones &* 0x20)) & ~word & tops
    }

    /// Bytes up to 0x20: control characters and the space.
    @inline(__always)
    static func spaceOrControl(_ word: UInt64) -> UInt64 {
        (word &- (ones &* 0x21)) & ~word & tops
    }

    /// Which byte the lowest set bit of a non-zero result belongs to, from 0.
    @inline(__always)
    static func firstIndex(_ marks: UInt64) -> Int { marks.trailingZeroBitCount >> 3 }
}
