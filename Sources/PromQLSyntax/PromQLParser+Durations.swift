/// Durations in ranges, steps and offsets: `5m`, plain seconds, or arithmetic with them.
extension PromQLParser {
    /// More than 0, as far as that can be said without the query's step and range.
    mutating func positiveDuration(in context: String) throws(PromQLSyntaxError) -> WrittenDuration {
        let start = current.range.lowerBound
        durationOperators = 0
        let expression = try duration(minimumPrecedence: 1, in: context)
        let written = try written(expression, at: range(from: start))
        if case .fixed(let milliseconds) = written, milliseconds <= 0 {
            throw error("duration must be greater than 0: \(context) of \(expression)", at: range(from: start))
        }
        return written
    }

    /// One term with an optional sign; whatever operator follows belongs to the expression around the selector, so that
    /// `foo offset 5m * 2` doubles foo.
    mutating func offsetDuration() throws(PromQLSyntaxError) -> WrittenDuration {
        let start = current.range.lowerBound
        durationOperators = 0
        let sign = current.kind
        if isAt(.minus) || isAt(.plus) { advance() }
        let term = try durationTerm(in: "an offset")
        return try written(Self.signed(term, by: sign), at: range(from: start))
    }

    /// A lone number is worked out at once, so that it is the same with and without parentheses.
    private func written(
        _ expression: DurationExpression, at range: Range<Int>
    ) throws(PromQLSyntaxError) -> WrittenDuration {
        var lone = expression
        while case .parentheses(let inner) = lone { lone = inner }
        guard case .literal(let seconds, _) = lone else { return .computed(expression, range) }
        guard let milliseconds = seconds.durationMilliseconds else {
            throw error("the duration is longer than 292 years", at: range)
        }
        return .fixed(milliseconds)
    }

    private static func signed(_ operand: DurationExpression, by sign: Token.Kind) -> DurationExpression {
        switch (sign, operand) {
        case (.symbol(.minus), .literal(let seconds, let isDuration)):
            .literal(seconds: -seconds, isDuration: isDuration)
        case (.symbol(.minus), _): .negation(operand)
        default: operand
        }
    }

    private var durationOperator: (DurationExpression.Operator, BinaryOperator)? {
        guard case .symbol(let symbol) = current.kind, let `operator` = symbol.binaryOperator,
            let own = DurationExpression.Operator(rawValue: symbol.rawValue)
        else { return nil }
        return (own, `operator`)
    }

    private mutating func duration(
        minimumPrecedence: Int, in context: String
    ) throws(PromQLSyntaxError) -> DurationExpression {
        durationDepth += 1
        defer { durationDepth -= 1 }
        guard durationDepth <= DurationExpression.maximumNesting else {
            throw error(
                "the duration is nested deeper than \(DurationExpression.maximumNesting) levels", at: current.range)
        }
        var left = try signedDuration(in: context)
        while let (own, `operator`) = durationOperator, `operator`.precedence >= minimumPrecedence {
            let place = current.range
            advance()
            let precedence = `operator`.precedence + (`operator`.isRightAssociative ? 0 : 1)
            let right = try duration(minimumPrecedence: precedence, in: context)
            if case .literal(0, _) = right, own == .divide || own == .modulo {
                let failure: DurationExpression.Failure = own == .divide ? .divisionByZero : .moduloByZero
                throw error(failure.rawValue, at: place)
            }
            left = .binary(own, left, right)
            try countDurationOperator(at: place)
        }
        return left
    }

    /// Chains of operators are trees as deep as they are long.
    private mutating func countDurationOperator(at place: Range<Int>) throws(PromQLSyntaxError) {
        durationOperators += 1
        guard durationOperators < PromQLExpression.maximumHeight else {
            throw error("the duration has more than \(PromQLExpression.maximumHeight) operators", at: place)
        }
    }

    /// A sign binds like multiplication: only `^` is tighter.
    private mutating func signedDuration(in context: String) throws(PromQLSyntaxError) -> DurationExpression {
        var signs: [Token.Kind] = []
        while isAt(.minus) || isAt(.plus) {
            signs.append(current.kind)
            try countDurationOperator(at: current.range)
            advance()
        }
        guard !signs.isEmpty else { return try durationTerm(in: context) }
        var operand = try duration(minimumPrecedence: BinaryOperator.power.precedence, in: context)
        for sign in signs.reversed() { operand = Self.signed(operand, by: sign) }
        return operand
    }

    private mutating func durationTerm(in context: String) throws(PromQLSyntaxError) -> DurationExpression {
        let token = current
        switch token.kind {
        case .duration(let milliseconds):
            advance()
            return .literal(seconds: Double(milliseconds) / 1000, isDuration: true)
        case .number(let seconds):
            advance()
            guard seconds.durationMilliseconds != nil else {
                throw error("\(token.description) is too large for a duration in seconds", at: token.range)
            }
            return .literal(seconds: seconds, isDuration: false)
        case .symbol(.leftParenthesis):
            advance()
            let inner = try duration(minimumPrecedence: 1, in: context)
            try expect(.rightParenthesis, in: context)
            // Parentheses around one number, or around parentheses, say nothing: but (-2) ^ 2 is not -2 ^ 2.
            switch inner {
            case .literal(let seconds, _) where seconds >= 0: return inner
            case .parentheses: return inner
            default: return .parentheses(inner)
            }
        case .identifier where peek().kind == .symbol(.leftParenthesis):
            return try durationCall(in: context)
        default:
            throw error(
                "unexpected \(token.description) in \(context), expected a number, a duration, step() or range()",
                at: token.range)
        }
    }

    private mutating func durationCall(in context: String) throws(PromQLSyntaxError) -> DurationExpression {
        let token = current
        let word = token.keyword ?? ""
        advance()
        advance()
        switch word {
        case "step", "range":
            try expect(.rightParenthesis, in: context)
            return word == "step" ? .step : .range
        // Prometheus called them min and max before it had scalar functions of the same kind.
        case "min_of", "max_of", "min", "max":
            let left = try duration(minimumPrecedence: 1, in: context)
            try expect(.comma, in: context)
            let right = try duration(minimumPrecedence: 1, in: context)
            try expect(.rightParenthesis, in: context)
            try countDurationOperator(at: token.range)
            return word.hasPrefix("min") ? .lesser(left, right) : .greater(left, right)
        default:
            throw error(
                "unexpected \(token.description) in \(context), expected step(), range(), min_of() or max_of()",
                at: token.range)
        }
    }
}
