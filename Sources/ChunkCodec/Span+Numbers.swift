/// Reading the numbers that `PackedBits` writes, within the first `limit` bytes.
extension Span<UInt8> {
    /// The byte at `offset`, which then moves behind it.
    func byte(at offset: inout Int, limit: Int) throws(ChunkCorruption) -> UInt8 {
        guard offset < limit else { throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit) }
        defer { offset += 1 }
        return self[offset]
    }

    /// The LEB128 number at `offset`, which then moves behind it: at most ten bytes, and no bit above the 64th.
    func varint(at offset: inout Int, limit: Int) throws(ChunkCorruption) -> UInt64 {
        let first = try byte(at: &offset, limit: limit)
        if first < 0x80 { return UInt64(first) }
        var number = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte(at: &offset, limit: limit)
            guard shift < 63 || next <= 1 else {
                throw ChunkCorruption(fault: .numberTooLong, byteOffset: offset - 1)
            }
            number |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return number }
            shift += 7
        }
    }

    /// The zigzag number at `offset`, which then moves behind it.
    func signed(at offset: inout Int, limit: Int) throws(ChunkCorruption) -> Int64 {
        let number = try varint(at: &offset, limit: limit)
        return Int64(bitPattern: number &>> 1) ^ -Int64(bitPattern: number & 1)
    }

    /// A LEB128 number of at most `maximum` at `offset`, which then moves behind it.
    func count(
        at offset: inout Int, limit: Int, maximum: Int, of field: ChunkCorruption.Field
    ) throws(ChunkCorruption) -> Int {
        let start = offset
        let number = try varint(at: &offset, limit: limit)
        guard number <= UInt64(maximum) else {
            throw ChunkCorruption(fault: .outOfRange(field, found: number, maximum: maximum), byteOffset: start)
        }
        return Int(number)
    }
}
