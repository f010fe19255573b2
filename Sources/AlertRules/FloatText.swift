import Foundation

/// Numbers in the words of Go's `strconv.FormatFloat`, which Prometheus' templates and API show
/// (https://pkg.go.dev/strconv#FormatFloat).
package enum FloatText {
    /// Verb `e`, shortest digits that read back as the same number: `1e+00`, `9.25e+01`.
    package static func exponent(_ value: Double) -> String {
        guard value.isFinite else { return special(value) }
        let (digits, exponent) = shortestDigits(value)
        return sign(value) + scientific(digits, exponent)
    }

    /// Verb `g`, shortest digits: plain from 0.0001 to below 1e+06 in magnitude, else with an exponent. (Go's `fmt` prints
    /// `%v` this way, and templates print with `%v`.)
    package static func general(_ value: Double) -> String {
        guard value.isFinite else { return special(value) }
        let (digits, exponent) = shortestDigits(value)
        if exponent < -4 || exponent >= 6 { return sign(value) + scientific(digits, exponent) }
        var whole = ""
        var fraction = ""
        if exponent < 0 {
            whole = "0"
            fraction = String(repeating: "0", count: -exponent - 1) + digits
        } else if digits.count <= exponent + 1 {
            whole = digits + String(repeating: "0", count: exponent + 1 - digits.count)
        } else {
            whole = String(digits.prefix(exponent + 1))
            fraction = String(digits.dropFirst(exponent + 1))
        }
        return sign(value) + whole + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// Verb `g`, `e` or `f` with a fixed precision (at most 100 digits), as C's `printf` and Go's agree.
    package static func formatted(_ value: Double, verb: Character, precision: Int) -> String {
        guard value.isFinite else { return special(value) }
        return String(format: "%.\(min(max(precision, 0), 100))\(verb)", value)
    }

    package static func special(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
    }

    private static func sign(_ value: Double) -> String { value.sign == .minus ? "-" : "" }

    private static func scientific(_ digits: String, _ exponent: Int) -> String {
        let fraction = digits.dropFirst()
        let magnitude = exponent.magnitude
        return digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction)
            + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0\(magnitude)" : "\(magnitude)")
    }

    /// The digits without leading and trailing zeros, and the decimal exponent of the first one. Swift's description is the
    /// shortest text that reads back, so only its notation is taken apart here.
    private static func shortestDigits(_ value: Double) -> (digits: String, exponent: Int) {
        if value == 0 { return ("0", 0) }
        let parts = "\(value.magnitude)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = Substring(whole + fraction)
        var exponent = whole.count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.first == "0" {
            digits = digits.dropFirst()
            exponent -= 1
        }
        while digits.last == "0" { digits = digits.dropLast() }
        return (String(digits), exponent)
    }
}
