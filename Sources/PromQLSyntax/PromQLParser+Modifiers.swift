/// What may follow a selector: a window, `offset`, `@`, `anchored` and `smoothed`.
extension PromQLParser {
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
        guard selector.shift == TimeShift(), selector.extended == nil else {
            throw error("offset, @, anchored and smoothed come after the range, not before it", at: operand.range)
        }
        return try make(.matrix(selector, range: range), .rangeVector, self.range(from: start))
    }

    /// `offset 5m`, `offset -5m`, `offset step()`, `offset (2 * step())`
    mutating func shifted(_ operand: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = current.range
        advance()
        let offset = try offsetDuration()
        return try changing(operand, "offset", at: word) { selector in
            if selector.shift.offset != .none { return false }
            selector.shift.offset = offset
            return true
        }
    }

    /// `@ 1609746000`, `@ start()`, `@ end()`
    mutating func pinned(_ operand: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = current.range
        advance()
        let anchor = try anchor()
        return try changing(operand, "@", at: word) { selector in
            if selector.shift.anchor != nil { return false }
            selector.shift.anchor = anchor
            return true
        }
    }

    /// `anchored`, `smoothed`
    mutating func extended(
        _ operand: PromQLExpression, _ extended: ExtendedRange
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        let word = current.range
        advance()
        if case .subquery = operand.node {
            throw error("\(extended.rawValue) modifier is not supported for subqueries", at: word)
        }
        return try changing(operand, extended.rawValue, at: word) { selector in
            if selector.extended != nil { return false }
            selector.extended = extended
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
        guard let seconds = current.numberValue else {
            throw error(
                "unexpected \(current.description) after @, expected a time in seconds, start() or end()",
                at: current.range)
        }
        advance()
        guard let milliseconds = (isNegative ? -seconds : seconds).millisecondsSince1970 else {
            throw error("the time after @ is out of range", at: range(from: start))
        }
        return .time(milliseconds)
    }

    /// What a modifier may change, of selectors and subqueries alike.
    private struct Modifiable {
        var shift: TimeShift
        var extended: ExtendedRange?
    }

    /// `change` returns false if the modifier is there already.
    private func changing(
        _ operand: PromQLExpression, _ modifier: String, at word: Range<Int>, _ change: (inout Modifiable) -> Bool
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        var isFirst = false
        func changed(_ selector: VectorSelector) -> VectorSelector {
            var selector = selector
            var parts = Modifiable(shift: selector.shift, extended: selector.extended)
            isFirst = change(&parts)
            selector.shift = parts.shift
            selector.extended = parts.extended
            return selector
        }
        let node: PromQLExpression.Node
        switch operand.node {
        case .selector(let selector): node = .selector(changed(selector))
        case .matrix(let selector, let range): node = .matrix(changed(selector), range: range)
        case .subquery(var subquery):
            var parts = Modifiable(shift: subquery.shift)
            isFirst = change(&parts)
            subquery.shift = parts.shift
            node = .subquery(subquery)
        default:
            throw error(
                "\(modifier) must follow a vector selector, a range selector or a subquery", at: word)
        }
        guard isFirst else {
            let limit =
                ExtendedRange(rawValue: modifier) == nil
                ? "\(modifier) may be given only once" : "only one of anchored and smoothed may be given, and only once"
            throw error(limit, at: word)
        }
        return try make(node, operand.type, range(from: operand.range.lowerBound))
    }
}

extension Double {
    /// Rounded; nil outside ±2^53 milliseconds, where doubles stop being exact.
    fileprivate var millisecondsSince1970: Int64? {
        let milliseconds = (self * 1000).rounded()
        return milliseconds.magnitude <= 9_007_199_254_740_991 ? Int64(milliseconds) : nil
    }
}
