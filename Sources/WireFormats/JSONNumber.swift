/// A JSON number (RFC 8259, section 6) as the nearest IEEE double, ties to even.
enum JSONNumber {
    /// A number may be written with at most this many bytes (RFC 8259 lets a reader set such limits): a number in
    /// `tags` becomes label text as it is written, and a label's text has this limit.
    static let longest = 1024

    enum Outcome {
        /// Finite; `end` is the offset after the last byte.
        case number(Double, end: Int)
        /// Well-formed, but beyond the range of a double.
        case infinite(end: Int)
        case tooLong(end: Int)
        /// The byte at `offset` (perhaps the end of the text) cannot go on a number.
        case malformed(offset: Int)
    }

    /// Reads the number at `offset`. What follows it is the caller's affair.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Outcome {
        var index = offset
        var negative = false
        if index < limit, bytes[index] == ASCII.minus {
            negative = true
            index &+= 1
        }
        let firstDigit = index
        // Wraps after 19 digits; then the digits are counted but the mantissa is not used.
        var mantissa: UInt64 = 0
        index = digits(bytes, index, limit, &mantissa)
        var digitCount = index &- firstDigit
        guard digitCount > 0 else { return .malformed(offset: index) }
        if digitCount > 1, bytes[firstDigit] == ASCII.zero { return .malformed(offset: firstDigit &+ 1) }
        var exponent = 0
        if index < limit, bytes[index] == ASCII.point {
            let fraction = index &+ 1
            index = digits(bytes, fraction, limit, &mantissa)
            guard index > fraction else { return .malformed(offset: index) }
            exponent = fraction &- index
            digitCount &+= index &- fraction
        }
        if index < limit, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            var isNegative = false
            if index < limit, bytes[index] == ASCII.minus || bytes[index] == ASCII.plus {
                isNegative = bytes[index] == ASCII.minus
                index &+= 1
            }
            let first = index
            var written = 0
            while index < limit, ASCII.digit(bytes[index]) <= 9 {
                // Beyond 10000 only the sign of the exponent matters: numbers are at most `longest` digits long.
                if written < 10000 { written = written &* 10 &+ Int(ASCII.digit(bytes[index])) }
                index &+= 1
            }
            guard index > first else { return .malformed(offset: index) }
            exponent = exponent &+ (isNegative ? -written : written)
        }
        guard index &- offset <= longest else { return .tooLong(end: index) }
        if digitCount <= 19, let magnitude = exactly(mantissa, timesTenTo: exponent) {
            return .number(negative ? -magnitude : magnitude, end: index)
        }
        return readRounding(bytes, ByteRange(start: offset, end: index))
    }

    @inline(__always)
    private static func digits(
        _ bytes: Span<UInt8>, _ offset: Int, _ limit: Int, _ mantissa: inout UInt64
    ) -> Int {
        var index = offset
        while index < limit {
            let digit = ASCII.digit(bytes[index])
            guard digit <= 9 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index &+= 1
        }
        return index
    }

    /// `mantissa × 10^exponent`, correctly rounded, where that takes no more than one multiplication or division; else
    /// nil.
    @inline(__always)
    private static func exactly(_ mantissa: UInt64, timesTenTo exponent: Int) -> Double? {
        if exponent == 0 || mantissa == 0 { return Double(mantissa) }
        if mantissa <= 1 << 53 {
            // Both operands are exact doubles, so IEEE rounds once (Clinger, "How to read floating point numbers
            // accurately", PLDI 1990).
            if exponent > 0, exponent <= 22 { return Double(mantissa) * doublePowers[exponent] }
            if exponent < 0, exponent >= -22 { return Double(mantissa) / doublePowers[-exponent] }
            return nil
        }
        guard exponent < 0, exponent >= -19 else { return nil }
        return quotient(mantissa, integerPowers[-exponent])
    }

    /// `numerator / denominator` (neither is 0), correctly rounded.
    ///
    /// Both are shifted until their top bits are set, and the numerator is halved, so that the 128 by 64 bit division
    /// cannot overflow and its quotient has 63 or 64 significant bits. A remainder is kept as the quotient's last bit,
    /// nine or more places below the bit where `Double(_:)` rounds, so rounding that integer is rounding the true
    /// quotient.
    @inline(__always)
    private static func quotient(_ numerator: UInt64, _ denominator: UInt64) -> Double {
        let up = numerator.leadingZeroBitCount
        let down = denominator.leadingZeroBitCount
        let divisor = denominator << UInt64(down)
        let dividend = numerator << UInt64(up)
        let (whole, rest) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
        let rounded = Double(whole | (rest == 0 ? 0 : 1))
        // The result lies between 2^-1 and 2^64: scaling by a power of two is exact.
        return rounded * Double(sign: .plus, exponent: down - up - 63, significand: 1)
    }

    @inline(never)
    private static func readRounding(_ bytes: Span<UInt8>, _ range: ByteRange) -> Outcome {
        let text = String(decoding: bytes.array(range), as: UTF8.self)
        // The grammar was checked, so the standard library's reader can only be short of range.
        guard let value = Double(text), value.isFinite else { return .infinite(end: range.end) }
        return .number(value, end: range.end)
    }

    private static let doublePowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
    private static let integerPowers: [UInt64] = [
        1, 10, 100, 1000, 10000, 100000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}
