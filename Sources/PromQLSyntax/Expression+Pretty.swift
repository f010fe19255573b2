extension PromQLExpression {
    /// The canonical form over several lines, as `promtool promql format` and `/api/v1/format_query` have it
    /// (https://github.com/prometheus/prometheus/blob/main/promql/parser/prettier_rules.md): a part whose own text is longer
    /// than 100 bytes is split at its arguments, operands or parentheses, two blanks deeper; selectors are never split.
    package var prettyText: String {
        var printer = PrettyPrinter()
        printer.write(self, level: 0)
        return printer.text
    }

    fileprivate var needsSplit: Bool {
        var printer = ExpressionPrinter(limit: PrettyPrinter.columnLimit)
        printer.write(self)
        return printer.text.utf8.count > PrettyPrinter.columnLimit
    }
}

private struct PrettyPrinter {
    static let columnLimit = 100

    private(set) var text = ""

    private mutating func indent(_ level: Int) {
        text += String(repeating: "  ", count: level)
    }

    /// `level` is how deep the line is indented. Behind a sign the line has begun already.
    mutating func write(_ expression: PromQLExpression, level: Int, isInLine: Bool = false) {
        // An operator stands on its own line, and the left operand begins the first one.
        if case .binary(let binary) = expression.node, expression.needsSplit {
            if let base = binary.unsignedBase {
                if !isInLine { indent(level + 1) }
                text += base
            } else {
                write(binary.left, level: level + 1, isInLine: isInLine)
            }
            text += "\n"
            indent(level)
            text += binary.operatorText + "\n"
            write(binary.right, level: level + 1)
            return
        }
        switch expression.node {
        case .subquery(let subquery) where expression.needsSplit:
            write(subquery.expression, level: level, isInLine: isInLine)
            text += subquery.suffix
            return
        case .subquery:
            // Prometheus does not indent what it does not split here.
            text += expression.description
            return
        default: break
        }
        if !isInLine { indent(level) }
        switch expression.node {
        case .negation(let operand), .plus(let operand):
            if case .plus = expression.node { text += "+" } else { text += "-" }
            write(operand, level: level, isInLine: true)
        case .call(let function, let arguments) where expression.needsSplit:
            write(function.rawValue, arguments, level: level)
        case .aggregation(let aggregation) where expression.needsSplit:
            write(aggregation.head, [aggregation.parameter, aggregation.operand].compactMap { $0 }, level: level)
        case .parentheses(let inner) where expression.needsSplit: write("", [inner], level: level)
        default: text += expression.description
        }
    }

    /// Each argument on lines of its own.
    private mutating func write(_ head: String, _ arguments: [PromQLExpression], level: Int) {
        text += head + "("
        for (index, argument) in arguments.enumerated() {
            text += index > 0 ? ",\n" : "\n"
            write(argument, level: level + 1)
        }
        text += "\n"
        indent(level)
        text += ")"
    }
}
