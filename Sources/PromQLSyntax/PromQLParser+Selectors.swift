extension PromQLParser {
    /// `name{matchers}`, `name` or `{matchers}`; the name has been taken already.
    mutating func selector(named name: String?, start: Int) throws(PromQLSyntaxError) -> PromQLExpression {
        var metricName = name
        var nameRange = range(from: start)
        var matchers: [LabelMatcherSyntax] = []
        if take(.leftBrace) {
            while !take(.rightBrace) {
                if case .string(let quoted) = current.kind, !peek().isMatcherOperator {
                    try checkUnnamed(metricName, second: quoted, at: current.range)
                    metricName = quoted
                    nameRange = current.range
                    advance()
                } else {
                    matchers.append(try matcher())
                }
                guard isAt(.rightBrace) || take(.comma) else {
                    throw error(
                        "unexpected \(current.description) in label matching, expected \",\" or \"}\"",
                        at: current.range)
                }
            }
        }
        let whole = range(from: start)
        if let metricName {
            for matcher in matchers where matcher.name == "__name__" {
                try checkUnnamed(metricName, second: matcher.value, at: matcher.range)
            }
            let named = LabelMatcherSyntax(name: "__name__", operator: .equal, value: metricName, range: nameRange)
            matchers.insert(named, at: 0)
        }
        try checkSelective(matchers, at: whole)
        return try make(.selector(VectorSelector(metricName: metricName, matchers: matchers)), .instantVector, whole)
    }

    private func checkUnnamed(
        _ first: String?, second: String, at range: Range<Int>
    ) throws(PromQLSyntaxError) {
        guard let first else { return }
        throw error("the metric name is given twice: \(first.promQLQuoted) and \(second.promQLQuoted)", at: range)
    }

    /// A selector of everything is a mistake. Patterns are judged by the engine, which can run them.
    private func checkSelective(_ matchers: [LabelMatcherSyntax], at range: Range<Int>) throws(PromQLSyntaxError) {
        let mayBeSelective = matchers.contains { matcher in
            switch matcher.operator {
            case .equal: !matcher.value.isEmpty
            case .notEqual: matcher.value.isEmpty
            case .matches, .doesNotMatch: true
            }
        }
        guard mayBeSelective else {
            throw error(
                "a vector selector needs at least one matcher that does not accept the empty value", at: range)
        }
    }

    private mutating func matcher() throws(PromQLSyntaxError) -> LabelMatcherSyntax {
        let start = current.range.lowerBound
        let name = try labelName(in: "label matching")
        guard let `operator` = current.matcherOperator else {
            throw error(
                "unexpected \(current.description) in label matching, expected one of =, !=, =~, !~",
                at: current.range)
        }
        advance()
        guard case .string(let value) = current.kind else {
            throw error(
                "unexpected \(current.description) in label matching, expected a string", at: current.range)
        }
        advance()
        return LabelMatcherSyntax(name: name, operator: `operator`, value: value, range: range(from: start))
    }

    mutating func labelName(in context: String) throws(PromQLSyntaxError) -> String {
        let token = current
        switch token.kind {
        case .identifier(let name) where !name.contains(":"):
            advance()
            return name
        case .string(let name) where !name.isEmpty:
            advance()
            return name
        default:
            throw error("unexpected \(token.description) in \(context), expected a label name", at: token.range)
        }
    }

    /// `(a, b,)`
    mutating func labelList(in context: String) throws(PromQLSyntaxError) -> [String] {
        try expect(.leftParenthesis, in: context)
        var labels: [String] = []
        while !take(.rightParenthesis) {
            labels.append(try labelName(in: context))
            guard isAt(.rightParenthesis) || take(.comma) else {
                throw error(
                    "unexpected \(current.description) in \(context), expected \",\" or \")\"", at: current.range)
            }
        }
        return labels
    }

    // MARK: Windows and shifts

    /// `[5m]` or `[1h:1m]`
    mutating func window(of operand: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        let start = operand.range.lowerBound
        advance()
        let range = try positiveDuration(in: "a range")
        if take(.colon) {
            let step = isAt(.rightBracket) ? nil : try positiveDuration(in: "a subquery's step")
            try expect(.rightBracket, in: "a subquery")
            guard operand.type == .instantVector else {
                throw error("a subquery needs an instant vector, not \(operand.type.phrase)", at: operand.range)
            }
            let subquery = Subquery(expression: operand, range: range, step: step)
            return try make(.subquery(subquery), .rangeVector, self.range(from: start))
        }
        try expect(.rightBracket, in: "a range")
        guard case .selector(let selector) = operand.node else {
            throw error(
                "a range needs a vector selector before it; a subquery is written with a colon, [5m:]",
                at: operand.range)
        }
        guard selector.shift == TimeShift() else {
            throw error("offset and @ come after the range, not before it", at: operand.range)
        }
        return try make(.matrix(selector, range: range), .rangeVector, self.range(from: start))
    }

    /// Milliseconds, more than 0. A plain number is in seconds.
    private mutating func positiveDuration(in context: String) throws(PromQLSyntaxError) -> Int64 {
        let token = current
        let milliseconds = try unsignedDuration(in: context)
        guard milliseconds > 0 else { throw error("\(context) must be longer than 0", at: token.range) }
        guard isAt(.rightBracket) || isAt(.colon) else {
            if case .symbol(let symbol) = current.kind, symbol.binaryOperator != nil {
                throw unsupported("duration expressions are", at: token.range)
            }
            return milliseconds
        }
        return milliseconds
    }

    private mutating func unsignedDuration(in context: String) throws(PromQLSyntaxError) -> Int64 {
        let token = current
        switch token.kind {
        case .duration(let milliseconds):
            advance()
            return milliseconds
        case .number(let seconds):
            advance()
            guard let milliseconds = seconds.millisecondsFromSeconds, milliseconds <= PromQLDuration.maximum else {
                throw error("\(token.description) is too large for a duration in seconds", at: token.range)
            }
            return milliseconds
        case .symbol(.leftParenthesis), .symbol(.minus), .symbol(.plus):
            throw unsupported("duration expressions are", at: token.range)
        case .identifier where peek().kind == .symbol(.leftParenthesis):
            throw unsupported("duration expressions are", at: token.range)
        default:
            throw error("unexpected \(token.description) in \(context), expected a duration", at: token.range)
        }
    }

    /// `offset 5m`, `offset -5m`
    mutating func shifted(_ operand: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = current.range
        advance()
        let isNegative = isAt(.minus)
        if isNegative || isAt(.plus) { advance() }
        let offset = try unsignedDuration(in: "an offset")
        return try changingShift(of: operand, "offset", at: word) { shift in
            if shift.offset != 0 { return false }
            shift.offset = isNegative ? -offset : offset
            return true
        }
    }

    /// `@ 1609746000`, `@ start()`, `@ end()`
    mutating func anchored(_ operand: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = current.range
        advance()
        let anchor = try anchor()
        return try changingShift(of: operand, "@", at: word) { shift in
            if shift.anchor != nil { return false }
            shift.anchor = anchor
            return true
        }
    }

    private mutating func anchor() throws(PromQLSyntaxError) -> TimeShift.Anchor {
        if let word = current.keyword, word == "start" || word == "end",
            peek().kind == .symbol(.leftParenthesis)
        {
            advance()
            advance()
            try expect(.rightParenthesis, in: "an @ modifier")
            return word == "start" ? .queryStart : .queryEnd
        }
        let start = current.range.lowerBound
        let isNegative = isAt(.minus)
        if isNegative || isAt(.plus) { advance() }
        let seconds: Double
        switch current.kind {
        case .number(let value): seconds = value
        case .duration(let milliseconds): seconds = Double(milliseconds) / 1000
        default:
            throw error(
                "unexpected \(current.description) after @, expected a time in seconds, start() or end()",
                at: current.range)
        }
        advance()
        guard let milliseconds = (isNegative ? -seconds : seconds).millisecondsFromSeconds else {
            throw error("the time after @ is out of range", at: range(from: start))
        }
        return .time(milliseconds)
    }

    /// `change` returns false if the modifier is there already.
    private func changingShift(
        of operand: PromQLExpression, _ modifier: String, at word: Range<Int>, _ change: (inout TimeShift) -> Bool
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        let whole = range(from: operand.range.lowerBound)
        var isFirst = false
        let node: PromQLExpression.Node
        switch operand.node {
        case .selector(var selector):
            isFirst = change(&selector.shift)
            node = .selector(selector)
        case .matrix(var selector, let range):
            isFirst = change(&selector.shift)
            node = .matrix(selector, range: range)
        case .subquery(var subquery):
            isFirst = change(&subquery.shift)
            node = .subquery(subquery)
        default:
            throw error(
                "\(modifier) must follow a vector selector, a range selector or a subquery", at: word)
        }
        guard isFirst else { throw error("\(modifier) may be given only once", at: word) }
        return try make(node, operand.type, whole)
    }
}

extension Token {
    fileprivate var matcherOperator: LabelMatcherSyntax.Operator? {
        switch kind {
        case .symbol(.assign): .equal
        case .symbol(.notEqual): .notEqual
        case .symbol(.matches): .matches
        case .symbol(.doesNotMatch): .doesNotMatch
        default: nil
        }
    }

    fileprivate var isMatcherOperator: Bool { matcherOperator != nil }
}

extension Double {
    /// Rounded; nil outside ±2^53 milliseconds, where doubles stop being exact.
    fileprivate var millisecondsFromSeconds: Int64? {
        let milliseconds = (self * 1000).rounded()
        return milliseconds.magnitude <= 9_007_199_254_740_991 ? Int64(milliseconds) : nil
    }
}
