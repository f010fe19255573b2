/// A word of a query and where it stands (UTF-8 offsets).
struct Token {
    enum Kind: Equatable {
        /// A name or a keyword: which of them is decided by where it stands.
        case identifier(String)
        case number(Double)
        /// Milliseconds.
        case duration(Int64)
        case string(String)
        /// Operators and brackets, by their text.
        case symbol(Symbol)
        case end
    }

    enum Symbol: String, CaseIterable {
        case leftParenthesis = "("
        case rightParenthesis = ")"
        case leftBrace = "{"
        case rightBrace = "}"
        case leftBracket = "["
        case rightBracket = "]"
        case comma = ","
        case colon = ":"
        case at = "@"
        case assign = "="
        case matches = "=~"
        case doesNotMatch = "!~"
        case equal = "=="
        case notEqual = "!="
        case trimUpper = "</"
        case trimLower = ">/"
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
        case plus = "+"
        case minus = "-"
        case star = "*"
        case slash = "/"
        case percent = "%"
        case caret = "^"

        var binaryOperator: BinaryOperator? { BinaryOperator(rawValue: rawValue) }
    }

    let kind: Kind
    let range: Range<Int>

    /// How messages name it.
    var description: String {
        switch kind {
        case .identifier(let name): "\"\(name)\""
        case .number(let value): "number \(value.promQLText)"
        case .duration(let milliseconds): "duration \(PromQLDuration.format(milliseconds))"
        case .string(let value): "string \(value.promQLQuoted)"
        case .symbol(let symbol): "\"\(symbol.rawValue)\""
        case .end: "end of input"
        }
    }

    /// The lower-case word if this is one: keywords and aggregation operators are the same in any case.
    var keyword: String? {
        if case .identifier(let name) = kind { name.lowercased() } else { nil }
    }

    /// A number, `inf` and `nan` included, or the seconds of a duration.
    var numberValue: Double? {
        switch kind {
        case .number(let value): value
        case .duration(let milliseconds): Double(milliseconds) / 1000
        case .identifier(let name):
            switch name.lowercased() {
            case "inf": .infinity
            case "nan": .nan
            default: nil
            }
        default: nil
        }
    }
}
