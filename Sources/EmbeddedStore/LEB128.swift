/// Unsigned LEB128 numbers: seven bits a byte, least significant group first, high bit set on all but the last.
extension [UInt8] {
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

extension UnsafeRawBufferPointer {
    /// The number at `offset`, which then moves behind it; nil if the bytes, or 64 bits, end before it does.
    @inline(__always)
    func varint(at offset: inout Int) -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while offset < count, shift < 64 {
            let byte = self[offset]
            offset += 1
            number |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return number }
            shift += 7
        }
        return nil
    }

    /// As `varint(at:)`, a length of what follows within these bytes; nil also if it is longer than that.
    func length(at offset: inout Int) -> Int? {
        guard let number = varint(at: &offset), number <= UInt64(count - offset) else { return nil }
        return Int(number)
    }
}
