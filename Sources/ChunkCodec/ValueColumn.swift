/// Values as the bits that differ from the predecessor's; a repeated value costs one bit.
///
/// The first value is 64 bits as it is. Each later one is the XOR of its bit pattern with its predecessor's:
///
///     0                                            the same bit pattern
///     10 + window bits                             different within the window in force
///     11 + 5 bits lead + 6 bits (length - 1) + length bits   a new window: `lead` zero bits (at most 31), then
/// `length` bits
enum ValueColumn {
    /// What a new window costs beyond its bits.
    private static let windowHeaderBitCount = 5 + 6

    static func append(_ values: Span<Double>, to stream: inout BitWriter) {
        var previous = values[0].bitPattern
        var windowLead = 0
        /// Zero: none yet.
        var windowLength = 0
        stream.append(previous, count: 64)
        for index in 1..<values.count {
            let pattern = values[index].bitPattern
            let difference = pattern ^ previous
            previous = pattern
            if difference == 0 {
                stream.append(0, count: 1)
                continue
            }
            let lead = min(difference.leadingZeroBitCount, 31)
            let trail = difference.trailingZeroBitCount
            let length = 64 &- lead &- trail
            let windowTrail = 64 &- windowLead &- windowLength
            // A window much wider than needed costs more than announcing another.
            if windowLength > 0, lead >= windowLead, trail >= windowTrail,
                windowLength <= length &+ windowHeaderBitCount
            {
                stream.append(0b10, count: 2)
                stream.append(difference &>> UInt64(truncatingIfNeeded: windowTrail), count: windowLength)
            } else {
                windowLead = lead
                windowLength = length
                stream.append(UInt64(0b11 << 11 | lead << 6 | (length &- 1)), count: 13)
                stream.append(difference &>> UInt64(truncatingIfNeeded: trail), count: length)
            }
        }
    }

    /// Appends `count` values and moves `position` (in bits) behind them, perhaps beyond the end of `bytes`: the caller
    /// checks. On an error some may have been appended.
    static func decode(
        _ bytes: Span<UInt8>, at position: inout Int, count: Int, into values: inout [Double]
    ) throws(ChunkCorruption) {
        var bit = position
        try values.append(addingCapacity: count) { (output: inout OutputSpan<Double>) throws(ChunkCorruption) in
            var pattern = bytes.bits(64, at: bit)
            bit += 64
            output.append(Double(bitPattern: pattern))
            var windowTrail = 0
            var windowLength = 0
            var index = 1
            while index < count {
                let word = bytes.bits(at: bit)
                if word &>> 63 == 0 {
                    let run = min(word.leadingZeroBitCount, 57, count &- index)
                    for _ in 0..<run { output.append(Double(bitPattern: pattern)) }
                    bit &+= run
                    index &+= run
                    continue
                }
                if word &>> 62 == 0b11 {
                    let lead = Int(truncatingIfNeeded: word &>> 57 & 0x1F)
                    windowLength = Int(truncatingIfNeeded: word &>> 51 & 0x3F) &+ 1
                    windowTrail = 64 &- lead &- windowLength
                    bit &+= 13
                    if windowTrail < 0 {
                        throw ChunkCorruption(fault: .windowTooLong(sampleIndex: index), byteOffset: bit / 8)
                    }
                } else {
                    bit &+= 2
                    if windowLength == 0 {
                        throw ChunkCorruption(fault: .windowMissing(sampleIndex: index), byteOffset: bit / 8)
                    }
                }
                pattern ^= bytes.bits(windowLength, at: bit) &<< UInt64(truncatingIfNeeded: windowTrail)
                bit &+= windowLength
                output.append(Double(bitPattern: pattern))
                index &+= 1
            }
        }
        position = bit
    }
}
