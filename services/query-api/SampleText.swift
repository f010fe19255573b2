/// Sample values and timestamps as Prometheus' HTTP API writes them.
enum SampleText {
    /// Without quotation marks: the shortest digits that read back as the same number, with an exponent of at least two
    /// digits below 1e-6 and from 1e21 on (Go's `strconv.FormatFloat(f, 'f' or 'e', -1, 64)`); `NaN`, `+Inf`, `-Inf`.
    static func append(_ value: Double, to out: inout TextBytes) {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53, whole != 0 || value.sign == .plus {
            return out.append(number: whole)
        }
        guard value.isFinite else { return out.append(value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf") }
        if value.sign == .minus { out.append(UInt8(ascii: "-")) }
        let decimal = ShortestDecimal(value)
        let magnitude = value.magnitude
        if magnitude >= 1e-6 && magnitude < 1e21 || magnitude == 0 {
            appendPlain(decimal, to: &out)
        } else {
            appendWithExponent(decimal, to: &out)
        }
    }

    private static func appendPlain(_ decimal: ShortestDecimal, to out: inout TextBytes) {
        if decimal.exponent >= 0 {
            out.append(digitsOf: decimal.digits)
            out.append(zeros: decimal.exponent)
            return
        }
        let decimals = -decimal.exponent
        if TextBytes.digitCount(decimal.digits) > decimals {
            out.append(digitsOf: decimal.digits, decimals: decimals)
        } else {
            out.append("0.")
            out.append(digitsOf: decimal.digits, length: decimals)
        }
    }

    private static func appendWithExponent(_ decimal: ShortestDecimal, to out: inout TextBytes) {
        let decimals = TextBytes.digitCount(decimal.digits) - 1
        if decimals > 0 {
            out.append(digitsOf: decimal.digits, decimals: decimals)
        } else {
            out.append(digitsOf: decimal.digits)
        }
        let exponent = decimal.exponent + decimals
        out.append(exponent < 0 ? "e-" : "e+")
        out.append(digitsOf: UInt64(exponent.magnitude), length: exponent.magnitude < 100 ? 2 : 3)
    }

    /// Milliseconds as seconds, with three decimals unless they are all zero.
    static func append(timestamp milliseconds: Int64, to out: inout TextBytes) {
        if milliseconds < 0 { out.append(UInt8(ascii: "-")) }
        let (seconds, fraction) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        out.append(digitsOf: seconds)
        guard fraction > 0 else { return }
        out.append(UInt8(ascii: "."))
        out.append(digitsOf: fraction, length: 3)
    }
}
