extension PromQLExpression: CustomStringConvertible {
    /// Canonical PromQL that parses back to the same tree.
    package var description: String {
        switch node {
        case .number(let value): value.promQLText
        case .string(let value): value.promQLQuoted
        case .selector(let selector): selector.text + selector.shift.text
        case .matrix(let selector, let range): "\(selector.text)[\(PromQLDuration.format(range))]\(selector.shift.text)"
        case .subquery(let subquery):
            "\(subquery.expression)[\(PromQLDuration.format(subquery.range)):"
                + "\(subquery.step.map(PromQLDuration.format) ?? "")]\(subquery.shift.text)"
        case .negation(let operand): "-\(operand)"
        case .plus(let operand): "+\(operand)"
        case .binary(let binary): binary.text
        case .call(let function, let arguments):
            "\(function.rawValue)(\(arguments.map(\.description).joined(separator: ", ")))"
        case .aggregation(let aggregation): aggregation.text
        case .parentheses(let inner): "(\(inner))"
        }
    }
}

extension VectorSelector {
    var text: String {
        let name = metricName.flatMap { $0.isMetricIdentifier ? $0 : nil }
        var conditions: [String] = []
        if let metricName, name == nil { conditions.append(metricName.promQLQuoted) }
        // The parser puts the name's own matcher first.
        conditions += matchers.dropFirst(metricName == nil ? 0 : 1).map(\.description)
        return conditions.isEmpty && name != nil ? name ?? "" : "\(name ?? ""){\(conditions.joined(separator: ","))}"
    }
}

extension LabelMatcherSyntax: CustomStringConvertible {
    package var description: String {
        "\(name.isLabelIdentifier ? name : name.promQLQuoted)\(`operator`.rawValue)\(value.promQLQuoted)"
    }
}

extension TimeShift {
    var text: String {
        var text =
            switch anchor {
            case .time(let milliseconds): " @ \(milliseconds.secondsText)"
            case .queryStart: " @ start()"
            case .queryEnd: " @ end()"
            case nil: ""
            }
        if offset != 0 { text += " offset \(PromQLDuration.format(offset))" }
        return text
    }
}

extension Int64 {
    /// Milliseconds as seconds with three decimals.
    fileprivate var secondsText: String {
        let (seconds, rest) = magnitude.quotientAndRemainder(dividingBy: 1000)
        let decimals = String(rest)
        return "\(self < 0 ? "-" : "")\(seconds).\(String(repeating: "0", count: 3 - decimals.count))\(decimals)"
    }
}

extension BinaryExpression {
    var text: String {
        // A sign would reach over the power: +Inf ^ 2 is +(Inf ^ 2).
        let isBareInfinity = if case .number(.infinity) = left.node { `operator` == .power } else { false }
        var words = [isBareInfinity ? "Inf" : left.description, `operator`.rawValue]
        if returnsBool { words.append("bool") }
        if let matching {
            if matching.on || !matching.labels.isEmpty {
                words.append("\(matching.on ? "on" : "ignoring") (\(matching.labels.labelList))")
            }
            switch matching.cardinality {
            case .manyToOne: words.append("group_left (\(matching.include.labelList))")
            case .oneToMany: words.append("group_right (\(matching.include.labelList))")
            case .oneToOne, .manyToMany: break
            }
        }
        words.append(right.description)
        return words.joined(separator: " ")
    }
}

extension Aggregation {
    var text: String {
        let arguments = [parameter, operand].compactMap { $0?.description }.joined(separator: ", ")
        let clause =
            switch grouping {
            case .by(let labels): labels.isEmpty ? "" : " by (\(labels.labelList)) "
            case .without(let labels): " without (\(labels.labelList)) "
            }
        return "\(`operator`.rawValue)\(clause)(\(arguments))"
    }
}

extension [String] {
    fileprivate var labelList: String {
        map { $0.isLabelIdentifier ? $0 : $0.promQLQuoted }.joined(separator: ", ")
    }
}

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
}
