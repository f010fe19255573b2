import PromQLSyntax

/// Sample values and timestamps as Prometheus' HTTP API writes them, appended as ASCII bytes.
enum SampleText {
    /// Without quotation marks: the shortest digits that read back as the same number, with an exponent of at least two
    /// digits below 1e-6 and from 1e21 on (Go's `strconv.FormatFloat(f, 'f' or 'e', -1, 64)`); `NaN`, `+Inf`, `-Inf`.
    static func append(_ value: Double, to out: inout [UInt8]) {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53, whole != 0 || value.sign == .plus {
            return append(whole, to: &out)
        }
        guard value.isFinite else {
            let text: StaticString = value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
            return text.withUTF8Buffer { out.append(contentsOf: $0) }
        }
        var text = value.description
        let magnitude = value.magnitude
        // Swift writes an exponent over a wider range, in Go's notation.
        if magnitude >= 1e-6 && magnitude < 1e21 || magnitude == 0 {
            if text.utf8.contains(UInt8(ascii: "e")) || magnitude == 0 {
                text = value.promQLText
            } else if text.hasSuffix(".0") {
                text.removeLast(2)
            }
        }
        out.append(contentsOf: text.utf8)
    }

    /// Milliseconds as seconds, with three decimals unless they are all zero.
    static func append(timestamp milliseconds: Int64, to out: inout [UInt8]) {
        if milliseconds < 0 { out.append(UInt8(ascii: "-")) }
        let magnitude = milliseconds.magnitude
        append(magnitude / 1000, to: &out)
        let fraction = magnitude % 1000
        guard fraction > 0 else { return }
        out.append(UInt8(ascii: "."))
        for digit in [fraction / 100, fraction / 10 % 10, fraction % 10] {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
        }
    }

    static func append(_ number: Int64, to out: inout [UInt8]) {
        if number < 0 { out.append(UInt8(ascii: "-")) }
        append(number.magnitude, to: &out)
    }

    private static func append(_ number: UInt64, to out: inout [UInt8]) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        var rest = number
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }
}
