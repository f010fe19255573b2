/// The shortest decimal digits that read back as a number, written out.
enum DecimalText {
    /// Without an exponent, however long: `0.00001`, `1000`, `+Inf`. The form of bucket bounds and quantiles in labels.
    static func positional(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
        return Parts(value).positional
    }

    /// As JavaScript writes numbers (ECMA-262, Number::toString): `1e+21` and `1e-7`, but `0.000001`; `NaN` and `Infinity`.
    static func short(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Infinity" : "Infinity" }
        let parts = Parts(value)
        let exponent = parts.point - 1
        guard value != 0, exponent < -6 || exponent >= 21 else { return parts.positional }
        let fraction = parts.digits.dropFirst()
        return parts.sign + String(parts.digits.prefix(1)) + (fraction.isEmpty ? "" : "." + fraction)
            + (exponent < 0 ? "e-" : "e+") + String(abs(exponent))
    }

    /// `sign 0.digits × 10^point`
    private struct Parts {
        var sign = ""
        var digits = ""
        var point = 0

        init(_ value: Double) {
            // Swift writes the shortest digits, as `12.5`, `1e-05` or `1.25e+20`.
            let text = value.description
            var fraction = 0
            var isBehindPoint = false
            for (index, character) in zip(text.indices, text) {
                switch character {
                case "-": sign = "-"
                case ".": isBehindPoint = true
                case "e":
                    point = Int(text[text.index(after: index)...]) ?? 0
                    finish(fraction)
                    return
                default:
                    digits.append(character)
                    if isBehindPoint { fraction += 1 }
                }
            }
            finish(fraction)
        }

        private mutating func finish(_ fraction: Int) {
            point += digits.count - fraction
            while digits.hasSuffix("0") { digits.removeLast() }
            while digits.hasPrefix("0") {
                digits.removeFirst()
                point -= 1
            }
            if digits.isEmpty { (digits, point) = ("0", 1) }
        }

        var positional: String {
            func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
            if point <= 0 { return sign + "0." + zeros(-point) + digits }
            if point >= digits.count { return sign + digits + zeros(point - digits.count) }
            return sign + digits.prefix(point) + "." + digits.dropFirst(point)
        }
    }
}
