extension PromQLParser {
    /// `name{matchers}`, `name` or `{matchers}`; the name has been taken already. `isSelective`: it must not select
    /// everything.
    mutating func selector(
        named name: String?, start: Int, isSelective: Bool = true
    ) throws(PromQLSyntaxError) -> PromQLExpression {
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
        if isSelective { try checkSelective(matchers, at: whole) }
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
