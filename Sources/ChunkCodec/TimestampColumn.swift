/// Timestamps as the change of the step between neighbours; a constant step costs one bit a sample.
///
/// The first timestamp is 64 bits as it is. Each later one is `(t[i] - t[i-1]) - (t[i-1] - t[i-2])`, where the step
/// before the second timestamp is 0 and all arithmetic wraps at 64 bits, as a prefix and a two's complement number:
///
///     0                      no change
///     10     + 7 bits        -64...63
///     110    + 14 bits       -8,192...8,191
///     1110   + 20 bits       -524,288...524,287
///     11110  + 32 bits       -2,147,483,648...2,147,483,647
///     11111  + 64 bits       any
enum TimestampColumn {
    static func append(_ timestamps: Span<Int64>, to stream: inout BitWriter) {
        var previous = timestamps[0]
        var step: Int64 = 0
        stream.append(UInt64(bitPattern: previous), count: 64)
        for index in 1..<timestamps.count {
            let timestamp = timestamps[index]
            precondition(timestamp >= previous, "a chunk's timestamps ascend")
            let change = timestamp &- previous &- step
            step = timestamp &- previous
            previous = timestamp
            append(change, to: &stream)
        }
    }

    @inline(__always)
    private static func append(_ change: Int64, to stream: inout BitWriter) {
        if change == 0 {
            stream.append(0, count: 1)
        } else if change >= -64 && change < 64 {
            stream.append(0b10 << 7 | UInt64(bitPattern: change) & 0x7F, count: 9)
        } else if change >= -8_192 && change < 8_192 {
            stream.append(0b110 << 14 | UInt64(bitPattern: change) & 0x3FFF, count: 17)
        } else if change >= -524_288 && change < 524_288 {
            stream.append(0b1110 << 20 | UInt64(bitPattern: change) & 0xF_FFFF, count: 24)
        } else if change >= Int64(Int32.min) && change <= Int64(Int32.max) {
            stream.append(0b11110 << 32 | UInt64(bitPattern: change) & 0xFFFF_FFFF, count: 37)
        } else {
            stream.append(0b11111, count: 5)
            stream.append(UInt64(bitPattern: change), count: 64)
        }
    }

    /// Appends `count` timestamps and moves `position` (in bits) behind them, perhaps beyond the end of `bytes`: the
    /// caller checks. On an error some may have been appended.
    static func decode(
        _ bytes: Span<UInt8>, at position: inout Int, count: Int, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) {
        var bit = position
        try timestamps.append(addingCapacity: count) { (output: inout OutputSpan<Int64>) throws(ChunkCorruption) in
            var timestamp = Int64(bitPattern: bytes.bits(64, at: bit))
            var step: Int64 = 0
            bit += 64
            output.append(timestamp)
            var index = 1
            while index < count {
                let word = bytes.bits(at: bit)
                let change: Int64
                if word &>> 63 == 0 {
                    // Each leading zero bit is one more timestamp at the same step; 57 bits are sure to be there.
                    let run = min(word.leadingZeroBitCount, 57, count &- index)
                    let (whole, overflow) = step.multipliedReportingOverflow(by: Int64(truncatingIfNeeded: run))
                    if step < 0 || overflow || timestamp.addingReportingOverflow(whole).overflow {
                        throw descent(index, at: bit)
                    }
                    for _ in 0..<run {
                        timestamp &+= step
                        output.append(timestamp)
                    }
                    bit &+= run
                    index &+= run
                    continue
                }
                switch (~word).leadingZeroBitCount {
                case 1:
                    change = Int64(bitPattern: word &<< 2) &>> 57
                    bit &+= 9
                case 2:
                    change = Int64(bitPattern: word &<< 3) &>> 50
                    bit &+= 17
                case 3:
                    change = Int64(bitPattern: word &<< 4) &>> 44
                    bit &+= 24
                case 4:
                    change = Int64(bitPattern: word &<< 5) &>> 32
                    bit &+= 37
                default:
                    change = Int64(bitPattern: bytes.bits(64, at: bit &+ 5))
                    bit &+= 69
                }
                step &+= change
                let next = timestamp &+ step
                if next < timestamp {
                    throw descent(index, at: bit)
                }
                timestamp = next
                output.append(timestamp)
                index &+= 1
            }
        }
        position = bit
    }

    private static func descent(_ index: Int, at bit: Int) -> ChunkCorruption {
        ChunkCorruption(fault: .timestampsDescend(sampleIndex: index), byteOffset: bit / 8)
    }
}
