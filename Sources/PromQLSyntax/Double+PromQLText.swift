extension Double {
    /// The shortest decimal text that reads back to the same number, never with an exponent; `+Inf`, `-Inf`, `NaN`.
    package var promQLText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        let text = description
        guard let marker = text.firstIndex(where: { $0 == "e" || $0 == "E" }) else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let isNegative = text.hasPrefix("-")
        let mantissa = text[..<marker].drop { $0 == "-" }
        let exponent = Int(text[text.index(after: marker)...]) ?? 0
        let whole = mantissa.prefix { $0 != "." }
        var fraction = mantissa.dropFirst(whole.count + 1)
        if fraction == "0" { fraction = "" }
        var digits = whole + fraction
        let point = whole.count + exponent
        let unsigned: String
        if point <= 0 {
            unsigned = "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.count {
            digits += String(repeating: "0", count: point - digits.count)
            unsigned = String(digits)
        } else {
            unsigned = "\(digits.prefix(point)).\(digits.dropFirst(point))"
        }
        return isNegative ? "-" + unsigned : unsigned
    }

    /// As `promQLText`, or with units if it was written with them.
    func promQLText(isDuration: Bool) -> String {
        guard isDuration, let milliseconds = durationMilliseconds else { return promQLText }
        return PromQLDuration.format(milliseconds)
    }
}
