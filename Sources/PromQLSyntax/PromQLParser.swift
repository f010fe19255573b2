/// Text to tree: recursive descent with operator precedence, types checked on the way up.
///
/// The grammar is that of Prometheus 3 with all its experimental parts: duration expressions, the modifiers `anchored`,
/// `smoothed` and `fill`, `info` with its label selectors, and the operators that trim histograms.
package struct PromQLParser {
    /// Words that cannot be metric names without quotes: they are numbers, or belong to an operator.
    static let reservedWords: Set<String> = [
        "inf", "nan", "bool", "on", "ignoring", "group_left", "group_right", "atan2",
    ]

    let text: String
    let tokens: [Token]
    var index = 0
    private var depth = 0
    /// Operators of the duration expression that is being parsed, and how deep it is nested in itself.
    var durationOperators = 0
    var durationDepth = 0

    private init(_ text: String) throws(PromQLSyntaxError) {
        self.text = text
        tokens = try Lexer.tokens(of: text)
    }

    /// Parses and type-checks a whole query.
    package static func parse(_ text: String) throws(PromQLSyntaxError) -> PromQLExpression {
        var parser = try PromQLParser(text)
        guard parser.current.kind != .end else {
            throw parser.error("the query is empty", at: parser.current.range)
        }
        let expression = try parser.expression(minimumPrecedence: 1)
        guard parser.current.kind == .end else {
            throw parser.error(
                "unexpected \(parser.current.description), expected an operator or the end of the query",
                at: parser.current.range)
        }
        return expression
    }

    /// Parses a series selector (`up{job="api"}`) as `match[]` parameters have it: no offset, no range.
    package static func parseSelector(_ text: String) throws(PromQLSyntaxError) -> [LabelMatcherSyntax] {
        let expression = try parse(text)
        guard case .selector(let selector) = expression.node, selector.shift == TimeShift(), selector.extended == nil
        else {
            throw PromQLSyntaxError(
                "expected a series selector such as up{job=\"api\"}, not \(expression.type.rawValue) expression",
                at: expression.range, in: text)
        }
        return selector.matchers
    }

    // MARK: Tokens

    var current: Token { tokens[index] }

    /// The last token is `.end`; looking behind it finds it again.
    func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    func isAt(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

    mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol, in context: String) throws(PromQLSyntaxError) {
        guard take(symbol) else {
            throw error(
                "unexpected \(current.description) in \(context), expected \"\(symbol.rawValue)\"", at: current.range)
        }
    }

    func error(_ message: String, at range: Range<Int>) -> PromQLSyntaxError {
        PromQLSyntaxError(message, at: range, in: text)
    }

    /// From `start` to the end of the last token taken.
    func range(from start: Int) -> Range<Int> {
        start..<max(start, index > 0 ? tokens[index - 1].range.upperBound : start)
    }

    /// The one place where nodes come from: no tree is deeper than walks over it can bear.
    func make(
        _ node: PromQLExpression.Node, _ type: PromQLExpression.ValueType, _ range: Range<Int>
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        let made = PromQLExpression(node, type: type, range: range)
        guard made.height <= PromQLExpression.maximumHeight else {
            throw error("the query is a tree of more than \(PromQLExpression.maximumHeight) levels", at: range)
        }
        return made
    }

    // MARK: Expressions

    mutating func expression(minimumPrecedence: Int) throws(PromQLSyntaxError) -> PromQLExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PromQLExpression.maximumNesting else {
            throw error(
                "the query is nested deeper than \(PromQLExpression.maximumNesting) levels", at: current.range)
        }
        var left = try unary()
        while let `operator` = binaryOperator, `operator`.precedence >= minimumPrecedence {
            advance()
            let clause = try matchingClause(of: `operator`)
            let precedence = `operator`.precedence + (`operator`.isRightAssociative ? 0 : 1)
            let right = try expression(minimumPrecedence: precedence)
            left = try binary(`operator`, clause, left, right)
        }
        return left
    }

    private var binaryOperator: BinaryOperator? {
        switch current.kind {
        case .symbol(let symbol): symbol.binaryOperator
        case .identifier: current.keyword.flatMap(BinaryOperator.init(rawValue:))
        default: nil
        }
    }

    private mutating func unary() throws(PromQLSyntaxError) -> PromQLExpression {
        var signs: [(isMinus: Bool, start: Int)] = []
        while isAt(.plus) || isAt(.minus) {
            signs.append((isAt(.minus), current.range.lowerBound))
            advance()
        }
        if signs.isEmpty { return try postfix() }
        // A sign binds like multiplication: only `^` is tighter.
        var operand = try expression(minimumPrecedence: BinaryOperator.power.precedence)
        for (isMinus, start) in signs.reversed() {
            let range = range(from: start)
            switch (operand.node, operand.type) {
            case (.number(let value, let isDuration), _):
                operand = try make(.number(isMinus ? -value : value, isDuration: isDuration), .scalar, range)
            case (_, .scalar), (_, .instantVector):
                operand = try make(isMinus ? .negation(operand) : .plus(operand), operand.type, range)
            default:
                throw error(
                    "a sign needs a scalar or an instant vector, not \(operand.type.phrase)", at: operand.range)
            }
        }
        return operand
    }

    private mutating func postfix() throws(PromQLSyntaxError) -> PromQLExpression {
        var operand = try primary()
        while true {
            if isAt(.leftBracket) {
                operand = try window(of: operand)
            } else if isAt(.at) {
                operand = try pinned(operand)
            } else if current.keyword == "offset" {
                operand = try shifted(operand)
            } else if let extended = current.keyword.flatMap(ExtendedRange.init(rawValue:)) {
                operand = try self.extended(operand, extended)
            } else {
                return operand
            }
        }
    }

    private mutating func primary() throws(PromQLSyntaxError) -> PromQLExpression {
        let token = current
        switch token.kind {
        case .number(let value):
            advance()
            return try make(.number(value, isDuration: false), .scalar, token.range)
        case .duration(let milliseconds):
            advance()
            return try make(.number(Double(milliseconds) / 1000, isDuration: true), .scalar, token.range)
        case .string(let value):
            advance()
            return try make(.string(value), .string, token.range)
        case .symbol(.leftParenthesis):
            advance()
            let inner = try expression(minimumPrecedence: 1)
            try expect(.rightParenthesis, in: "parentheses")
            return try make(.parentheses(inner), inner.type, range(from: token.range.lowerBound))
        case .symbol(.leftBrace):
            return try selector(named: nil, start: token.range.lowerBound)
        case .identifier(let name):
            return try named(name, token)
        case .symbol, .end:
            throw error("unexpected \(token.description), expected an expression", at: token.range)
        }
    }

    private mutating func named(_ name: String, _ token: Token) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = name.lowercased()
        let isCall = peek().kind == .symbol(.leftParenthesis)
        if let `operator` = AggregationOperator(rawValue: word),
            isCall || peek().keyword == "by" || peek().keyword == "without"
        {
            return try aggregation(`operator`)
        }
        if isCall { return try call(name) }
        advance()
        switch word {
        case "inf": return try make(.number(.infinity, isDuration: false), .scalar, token.range)
        case "nan": return try make(.number(.nan, isDuration: false), .scalar, token.range)
        default: break
        }
        guard !Self.reservedWords.contains(word) else {
            throw error("unexpected \(token.description), expected an expression", at: token.range)
        }
        return try selector(named: name, start: token.range.lowerBound)
    }
}

extension PromQLExpression.ValueType {
    /// With its article, for messages.
    var phrase: String {
        switch self {
        case .scalar, .string, .rangeVector: "a \(rawValue)"
        case .instantVector: "an \(rawValue)"
        }
    }
}
