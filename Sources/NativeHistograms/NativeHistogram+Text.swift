extension NativeHistogram: CustomStringConvertible {
    /// As Prometheus writes it, for people and as a label value: `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`.
    package var description: String {
        var buckets: [HistogramBucket] = negative.reversed()
        // Unlike `buckets`, this shows a zero bucket below zero.
        if zeroCount != 0 { buckets.append(zeroBucket) }
        buckets += positive
        let parts = buckets.map { bucket in
            (bucket.isLowerInclusive ? "[" : "(") + "\(bucket.lower.goText),\(bucket.upper.goText)"
                + (bucket.isUpperInclusive ? "]" : ")") + ":\(bucket.count.goText)"
        }
        return "{" + (["count:\(count.goText)", "sum:\(sum.goText)"] + parts).joined(separator: ", ") + "}"
    }
}

extension Double {
    /// As Go's `%g` writes it: the fewest digits that are read back as the same number, with an exponent outside of
    /// 1e-4..<1e6.
    package var goText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        let sign = self.sign == .minus ? "-" : ""
        if self == 0 { return sign + "0" }
        let (digits, exponent) = shortestDigits
        guard exponent < -4 || exponent >= 6 else {
            if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
            let whole = digits.prefix(exponent + 1)
            let padding = String(repeating: "0", count: exponent + 1 - whole.count)
            let rest = digits.dropFirst(exponent + 1)
            return sign + whole + padding + (rest.isEmpty ? "" : "." + rest)
        }
        let rest = digits.dropFirst()
        let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (exponent < 0 ? "-" : "+") + power
    }

    /// The significant digits without zeros at either end, and the power of ten of the first.
    private var shortestDigits: (digits: String, exponent: Int) {
        let text = magnitude.description
        let parts = text.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        exponent += mantissa[0].count - 1
        var digits = mantissa.joined()[...]
        while digits.hasPrefix("0") {
            digits = digits.dropFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") { digits = digits.dropLast() }
        return (String(digits), exponent)
    }
}
