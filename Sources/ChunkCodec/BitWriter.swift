/// Collects bits, most significant first, in 64-bit words.
struct BitWriter {
    private var words: [UInt64] = []
    /// The word being filled, from its most significant bit; the unused rest is zero.
    private var open: UInt64 = 0
    private var openBitCount = 0

    init(reservingWords count: Int) {
        words.reserveCapacity(count)
    }

    /// Bytes that `appendBytes` will write: the last one is filled up with zero bits.
    var byteCount: Int { words.count * 8 + (openBitCount + 7) / 8 }

    /// Appends the `count` (1...64) lowest bits of `bits`; the others must be zero.
    @inline(__always)
    mutating func append(_ bits: UInt64, count: Int) {
        let free = 64 &- openBitCount
        if count < free {
            open |= bits &<< UInt64(truncatingIfNeeded: free &- count)
            openBitCount &+= count
        } else {
            let rest = count &- free
            words.append(open | (bits &>> UInt64(truncatingIfNeeded: rest)))
            open = rest == 0 ? 0 : bits &<< UInt64(truncatingIfNeeded: 64 &- rest)
            openBitCount = rest
        }
    }

    /// Writes all bits as bytes, in order, into a span with room for `byteCount` more.
    func appendBytes(to output: inout OutputSpan<UInt8>) {
        for word in words {
            var rest = word
            for _ in 0..<8 {
                output.append(UInt8(truncatingIfNeeded: rest &>> 56))
                rest &<<= 8
            }
        }
        var rest = open
        for _ in 0..<((openBitCount + 7) / 8) {
            output.append(UInt8(truncatingIfNeeded: rest &>> 56))
            rest &<<= 8
        }
    }
}
