extension Span<UInt8> {
    /// The scalar at `offset`, which moves behind it. The bytes are valid UTF-8 and `offset` is at a scalar's start; of
    /// other bytes it makes some value, without reading past the end.
    func nextScalar(at offset: inout Int) -> UInt32 {
        let lead = self[offset]
        offset += 1
        guard lead >= 0xC0 else { return UInt32(lead) }
        let restCount = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3
        var scalar = UInt32(lead) & (0x3F >> UInt32(restCount))
        for _ in 0..<restCount where offset < count {
            scalar = scalar << 6 | UInt32(self[offset] & 0x3F)
            offset += 1
        }
        return scalar
    }

    func isEqual(to bytes: [UInt8], from offset: Int = 0) -> Bool {
        guard count - offset >= bytes.count else { return false }
        for index in bytes.indices where self[offset + index] != bytes[index] { return false }
        return true
    }

    /// Below zero if these bytes come before `bytes` in bytewise order, zero if they are the same, above zero if after.
    func order(relativeTo bytes: [UInt8]) -> Int {
        for index in 0..<Swift.min(count, bytes.count) where self[index] != bytes[index] {
            return self[index] < bytes[index] ? -1 : 1
        }
        return count - bytes.count
    }
}
