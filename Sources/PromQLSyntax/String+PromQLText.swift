extension String {
    /// In double quotes, with the escapes that the lexer understands.
    package var promQLQuoted: String {
        var out = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    out += "\\x" + (digits.count < 2 ? "0" : "") + digits
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }

    /// A label name that needs no quotes.
    package var isLabelIdentifier: Bool { isIdentifier { $0 == "_" } }

    /// A metric name that needs no quotes. Words that stand for numbers or begin a matching clause need them.
    package var isMetricIdentifier: Bool {
        isIdentifier { $0 == "_" || $0 == ":" } && !PromQLParser.reservedWords.contains(lowercased())
    }

    private func isIdentifier(_ isExtra: (Unicode.Scalar) -> Bool) -> Bool {
        guard let first = unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || isExtra($0)
        }
    }

    /// By UTF-8 bytes, without regard to Unicode's equivalences.
    static func isBytewiseLess(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
