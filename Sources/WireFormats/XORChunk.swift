/// Samples in Prometheus' XOR encoding
/// (https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md#xor-chunk-data):
///
///     count (16 bits, big-endian) │ t0 (varint) │ v0 (64 bits) │ t1 - t0 (uvarint) │ v1 xor v0
///     │ t2 - 2 t1 + t0 │ v2 xor v1 │ …
///
/// Times are kept as how much their distance changed, values as the bits that changed.
package struct XORChunk: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = [0, 0]
    package private(set) var count = 0
    package private(set) var firstTimestamp: Int64 = 0
    package private(set) var lastTimestamp: Int64 = 0

    /// As many as Prometheus puts into one.
    package static let usualCount = 120

    private var delta: Int64 = 0
    private var previous: UInt64 = 0
    /// The zero bits around what changed last; 64 before anything did.
    private var leading = 64
    private var trailing = 0
    private var freeBits = 0

    package init() {}

    /// At most 65,535 samples, in ascending order of time.
    package mutating func append(timestamp: Int64, value: Double) {
        let bits = value.bitPattern
        switch count {
        case 0:
            firstTimestamp = timestamp
            append(uvarint: UInt64(bitPattern: timestamp << 1 ^ timestamp >> 63))
            write(bits, 64)
        case 1:
            delta = timestamp &- lastTimestamp
            append(uvarint: UInt64(bitPattern: delta))
            append(xor: bits ^ previous)
        default:
            let delta = timestamp &- lastTimestamp
            append(change: delta &- self.delta)
            self.delta = delta
            append(xor: bits ^ previous)
        }
        lastTimestamp = timestamp
        previous = bits
        count += 1
        bytes[0] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[1] = UInt8(truncatingIfNeeded: count)
    }

    private mutating func append(change: Int64) {
        switch change {
        case 0: write(0, 1)
        case -8191...8192:
            write(0b10, 2)
            write(UInt64(bitPattern: change), 14)
        case -65535...65536:
            write(0b110, 3)
            write(UInt64(bitPattern: change), 17)
        case -524_287...524_288:
            write(0b1110, 4)
            write(UInt64(bitPattern: change), 20)
        default:
            write(0b1111, 4)
            write(UInt64(bitPattern: change), 64)
        }
    }

    private mutating func append(xor: UInt64) {
        guard xor != 0 else { return write(0, 1) }
        write(1, 1)
        // Five bits hold at most 31.
        let leading = min(31, xor.leadingZeroBitCount)
        let trailing = xor.trailingZeroBitCount
        if self.leading < 64, leading >= self.leading, trailing >= self.trailing {
            write(0, 1)
            write(xor >> UInt64(self.trailing), 64 - self.leading - self.trailing)
            return
        }
        self.leading = leading
        self.trailing = trailing
        let significant = 64 - leading - trailing
        write(1, 1)
        write(UInt64(leading), 5)
        // 64 is written as 0; nothing else is.
        write(UInt64(significant & 63), 6)
        write(xor >> UInt64(trailing), significant)
    }

    private mutating func append(uvarint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            write(rest & 0x7F | 0x80, 8)
            rest >>= 7
        }
        write(rest, 8)
    }

    /// The lowest `length` bits, the highest of them first.
    private mutating func write(_ bits: UInt64, _ length: Int) {
        var left = length
        while left > 0 {
            if freeBits == 0 {
                bytes.append(0)
                freeBits = 8
            }
            let taken = min(left, freeBits)
            let part =
                UInt8(truncatingIfNeeded: bits >> UInt64(left - taken)) & UInt8(truncatingIfNeeded: (1 << taken) - 1)
            bytes[bytes.count - 1] |= part << UInt8(freeBits - taken)
            freeBits -= taken
            left -= taken
        }
    }
}
