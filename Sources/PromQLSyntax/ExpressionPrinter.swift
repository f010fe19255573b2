/// Writes trees in Prometheus' canonical form. What is longer than `limit` bytes is cut off somewhere behind them, so that
/// asking whether a text is short costs little for any tree.
struct ExpressionPrinter {
    private(set) var text = ""
    let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    private var isFull: Bool { text.utf8.count > limit }

    mutating func write(_ expression: PromQLExpression) {
        guard !isFull else { return }
        switch expression.node {
        case .number(let value, let isDuration): text += value.promQLText(isDuration: isDuration)
        case .string(let value): text += value.promQLQuoted
        case .selector(let selector):
            text += selector.text + selector.shift.anchorText + selector.extendedText + selector.shift.offsetText
        case .matrix(let selector, let range):
            text += "\(selector.text)[\(range)]\(selector.extendedText)\(selector.shift.text)"
        case .subquery(let subquery):
            write(subquery.expression)
            text += subquery.suffix
        case .negation(let operand):
            text += "-"
            write(operand)
        case .plus(let operand):
            text += "+"
            write(operand)
        case .binary(let binary):
            if let base = binary.unsignedBase { text += base } else { write(binary.left) }
            text += " \(binary.operatorText) "
            write(binary.right)
        case .call(let function, let arguments):
            text += function.rawValue
            write(arguments)
        case .aggregation(let aggregation):
            text += aggregation.head
            write([aggregation.parameter, aggregation.operand].compactMap { $0 })
        case .parentheses(let inner): write([inner])
        }
    }

    /// In parentheses, separated by commas.
    private mutating func write(_ expressions: [PromQLExpression]) {
        text += "("
        for (index, expression) in expressions.enumerated() {
            if index > 0 { text += ", " }
            write(expression)
        }
        text += ")"
    }
}

extension PromQLExpression: CustomStringConvertible {
    /// Canonical PromQL that parses back to the same tree.
    package var description: String {
        var printer = ExpressionPrinter()
        printer.write(self)
        return printer.text
    }
}

extension WrittenDuration: CustomStringConvertible {
    package var description: String {
        switch self {
        case .fixed(let milliseconds): PromQLDuration.format(milliseconds)
        case .computed(let expression, _): expression.description
        }
    }
}

extension DurationExpression: CustomStringConvertible {
    package var description: String {
        switch self {
        case .literal(let seconds, let isDuration): seconds.promQLText(isDuration: isDuration)
        case .step: "step()"
        case .range: "range()"
        case .negation(let operand): "-\(operand)"
        case .binary(let `operator`, let left, let right): "\(left) \(`operator`.rawValue) \(right)"
        case .lesser(let left, let right): "min_of(\(left), \(right))"
        case .greater(let left, let right): "max_of(\(left), \(right))"
        case .parentheses(let inner): "(\(inner))"
        }
    }
}

extension VectorSelector {
    /// Matchers are in the order of their texts, whatever order they were written in.
    var text: String {
        let name = metricName.flatMap { $0.isMetricIdentifier ? $0 : nil }
        var conditions: [String] = []
        if let metricName, name == nil { conditions.append(metricName.promQLQuoted) }
        // The parser puts the name's own matcher first.
        conditions += matchers.dropFirst(metricName == nil ? 0 : 1).map(\.description).sorted(by: String.isBytewiseLess)
        return conditions.isEmpty && name != nil ? name ?? "" : "\(name ?? ""){\(conditions.joined(separator: ","))}"
    }

    var extendedText: String { extended.map { " \($0.rawValue)" } ?? "" }
}

extension LabelMatcherSyntax: CustomStringConvertible {
    package var description: String {
        "\(name.isLabelIdentifier ? name : name.promQLQuoted)\(`operator`.rawValue)\(value.promQLQuoted)"
    }
}

extension Subquery {
    /// What follows the inner expression.
    var suffix: String { "[\(range):\(step?.description ?? "")]\(shift.text)" }
}

extension TimeShift {
    var text: String { anchorText + offsetText }

    var anchorText: String {
        switch anchor {
        case .time(let milliseconds): " @ \(milliseconds.secondsText)"
        case .queryStart: " @ start()"
        case .queryEnd: " @ end()"
        case nil: ""
        }
    }

    var offsetText: String { offset == .none ? "" : " offset \(offset)" }
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
    /// Infinity as the base of a power, which has no sign: that would reach over the power, +Inf ^ 2 is +(Inf ^ 2).
    var unsignedBase: String? {
        if `operator` == .power, case .number(.infinity, _) = left.node { "Inf" } else { nil }
    }

    /// The operator with all that modifies it.
    var operatorText: String {
        var words = [`operator`.rawValue]
        if returnsBool { words.append("bool") }
        guard let matching else { return words.joined(separator: " ") }
        let isGrouped = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
        if matching.on || !matching.labels.isEmpty || isGrouped {
            words.append("\(matching.on ? "on" : "ignoring") (\(matching.labels.labelList))")
        }
        switch matching.cardinality {
        case .manyToOne: words.append("group_left (\(matching.include.labelList))")
        case .oneToMany: words.append("group_right (\(matching.include.labelList))")
        case .oneToOne, .manyToMany: break
        }
        switch (matching.fillLeft, matching.fillRight) {
        case (let left?, let right?) where left == right || (left.isNaN && right.isNaN):
            words.append("fill (\(left.promQLText))")
        case (let left, let right):
            if let left { words.append("fill_left (\(left.promQLText))") }
            if let right { words.append("fill_right (\(right.promQLText))") }
        }
        return words.joined(separator: " ")
    }
}

extension Aggregation {
    /// The operator and its clause, up to the parenthesis.
    var head: String {
        let clause =
            switch grouping {
            case .by(let labels): labels.isEmpty ? "" : " by (\(labels.labelList)) "
            case .without(let labels): " without (\(labels.labelList)) "
            }
        return `operator`.rawValue + clause
    }
}

extension [String] {
    fileprivate var labelList: String {
        map { $0.isLabelIdentifier ? $0 : $0.promQLQuoted }.joined(separator: ", ")
    }
}
