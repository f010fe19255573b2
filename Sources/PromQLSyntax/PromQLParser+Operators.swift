extension PromQLParser {
    /// What may stand between an operator and its right side, before it is known whether the operands allow it.
    struct MatchingClause {
        var boolRange: Range<Int>?
        var matching: VectorMatching?
        /// Of `on`/`ignoring` and what follows.
        var range: Range<Int>?
    }

    /// `bool`, `on (…)`, `ignoring (…)`, `group_left (…)`, `group_right (…)`, `fill (…)`, `fill_left (…)`,
    /// `fill_right (…)`
    mutating func matchingClause(of operator: BinaryOperator) throws(PromQLSyntaxError) -> MatchingClause {
        var clause = MatchingClause()
        if current.keyword == "bool" {
            guard `operator`.isComparison else {
                throw error("bool belongs to comparisons, not to \"\(`operator`.rawValue)\"", at: current.range)
            }
            clause.boolRange = current.range
            advance()
        }
        let start = current.range.lowerBound
        if let word = current.keyword, word == "on" || word == "ignoring" {
            advance()
            var matching = VectorMatching()
            matching.on = word == "on"
            matching.labels = try labelList(in: word)
            if let group = current.keyword, group == "group_left" || group == "group_right" {
                guard !`operator`.isSet else {
                    throw error("\"\(`operator`.rawValue)\" cannot have \(group)", at: current.range)
                }
                advance()
                matching.cardinality = group == "group_left" ? .manyToOne : .oneToMany
                if isAt(.leftParenthesis) { matching.include = try labelList(in: group) }
            }
            clause.range = range(from: start)
            clause.matching = matching
        }
        if let word = current.keyword, word == "group_left" || word == "group_right" {
            throw error("\(word) must follow on (…) or ignoring (…)", at: current.range)
        }
        if isAtFill {
            var matching = clause.matching ?? VectorMatching()
            try fillValues(of: `operator`, into: &matching)
            clause.range = range(from: start)
            clause.matching = matching
        }
        return clause
    }

    /// A metric may be called `fill`: only with a parenthesis behind it is it a modifier.
    private var isAtFill: Bool {
        guard let word = current.keyword else { return false }
        return ["fill", "fill_left", "fill_right"].contains(word) && peek().kind == .symbol(.leftParenthesis)
    }

    /// `fill` for both sides, or `fill_left` and `fill_right` in any order.
    private mutating func fillValues(
        of operator: BinaryOperator, into matching: inout VectorMatching
    ) throws(PromQLSyntaxError) {
        while isAtFill, let word = current.keyword {
            let start = current.range.lowerBound
            guard !`operator`.isSet else {
                throw error("filling in missing series not allowed for set operators", at: current.range)
            }
            advance()
            advance()
            let isNegative = isAt(.minus)
            if isNegative || isAt(.plus) { advance() }
            guard let value = current.numberValue else {
                throw error("unexpected \(current.description) in \(word), expected a number", at: current.range)
            }
            advance()
            try expect(.rightParenthesis, in: word)
            let isTaken =
                (word != "fill_right" && matching.fillLeft != nil) || (word != "fill_left" && matching.fillRight != nil)
            guard !isTaken else {
                throw error("each side may be filled only once", at: range(from: start))
            }
            if word != "fill_right" { matching.fillLeft = isNegative ? -value : value }
            if word != "fill_left" { matching.fillRight = isNegative ? -value : value }
        }
    }

    func binary(
        _ operator: BinaryOperator, _ clause: MatchingClause, _ left: PromQLExpression, _ right: PromQLExpression
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        let range = left.range.lowerBound..<max(left.range.lowerBound, right.range.upperBound)
        for side in [left, right] where side.type != .scalar && side.type != .instantVector {
            throw error(
                "operators work on scalars and instant vectors, not on \(side.type.phrase)", at: side.range)
        }
        let areVectors = left.type == .instantVector && right.type == .instantVector
        if !areVectors {
            if `operator`.isSet {
                throw error("\"\(`operator`.rawValue)\" needs an instant vector on both sides", at: range)
            }
            if let clauseRange = clause.range {
                throw error("matching labels is only possible between two instant vectors", at: clauseRange)
            }
        }
        if left.type == .scalar, right.type == .scalar, `operator`.isComparison, clause.boolRange == nil {
            throw error("comparisons between scalars must use bool", at: range)
        }
        var matching: VectorMatching?
        if areVectors {
            var wanted = clause.matching ?? VectorMatching()
            if `operator`.isSet { wanted.cardinality = .manyToMany }
            if wanted.on, let label = wanted.include.first(where: wanted.labels.contains) {
                throw error(
                    "the label \(label.promQLQuoted) cannot be in both on and the group clause",
                    at: clause.range ?? range)
            }
            matching = wanted
        }
        let node = BinaryExpression(
            operator: `operator`, left: left, right: right, returnsBool: clause.boolRange != nil, matching: matching)
        return try make(.binary(node), areVectors || left.type != right.type ? .instantVector : left.type, range)
    }

    // MARK: Calls

    mutating func call(_ name: String) throws(PromQLSyntaxError) -> PromQLExpression {
        let nameRange = current.range
        guard let function = PromQLFunction(rawValue: name) else {
            throw error("unknown function with name \(name.promQLQuoted)", at: nameRange)
        }
        advance()
        let arguments = try argumentList(of: name, labelSelectorAt: function == .info ? 1 : nil)
        let range = range(from: nameRange.lowerBound)
        let signature = function.signature
        guard arguments.count >= signature.required, arguments.count <= signature.most ?? .max else {
            let wanted =
                switch signature.most {
                case nil: "at least \(signature.required)"
                case signature.required?: "\(signature.required)"
                case let most?: "\(signature.required) to \(most)"
                }
            throw error("\(name) takes \(wanted) arguments, not \(arguments.count)", at: range)
        }
        for (position, argument) in arguments.enumerated() {
            let wanted = signature.arguments[min(position, signature.arguments.count - 1)]
            try check(argument, is: wanted, for: "argument \(position + 1) of \(name)")
        }
        return try make(.call(function, arguments: arguments), signature.result, range)
    }

    mutating func aggregation(_ operator: AggregationOperator) throws(PromQLSyntaxError) -> PromQLExpression {
        let start = current.range.lowerBound
        let name = `operator`.rawValue
        advance()
        var grouping = try groupingClause()
        let arguments = try argumentList(of: name)
        if let trailing = try groupingClause() {
            guard grouping == nil else {
                throw error("\(name) may have only one by or without clause", at: range(from: start))
            }
            grouping = trailing
        }
        let range = range(from: start)
        let count = `operator`.parameterType == nil ? 1 : 2
        guard arguments.count == count, let operand = arguments.last else {
            throw error("\(name) takes \(count) arguments, not \(arguments.count)", at: range)
        }
        try check(operand, is: .instantVector, for: "the aggregation \(name)")
        if let type = `operator`.parameterType {
            try check(arguments[0], is: type, for: "the parameter of \(name)")
        }
        let node = Aggregation(
            operator: `operator`, parameter: count == 2 ? arguments[0] : nil, operand: operand,
            grouping: grouping ?? .by([]))
        return try make(.aggregation(node), .instantVector, range)
    }

    private mutating func groupingClause() throws(PromQLSyntaxError) -> Aggregation.Grouping? {
        guard let word = current.keyword, word == "by" || word == "without",
            peek().kind == .symbol(.leftParenthesis)
        else { return nil }
        advance()
        let labels = try labelList(in: "a grouping clause")
        return word == "by" ? .by(labels) : .without(labels)
    }

    private mutating func argumentList(
        of name: String, labelSelectorAt position: Int? = nil
    ) throws(PromQLSyntaxError) -> [PromQLExpression] {
        try expect(.leftParenthesis, in: "the call of \(name)")
        var arguments: [PromQLExpression] = []
        if take(.rightParenthesis) { return arguments }
        repeat {
            let isLabelSelector = arguments.count == position
            arguments.append(try isLabelSelector ? labelSelector(of: name) : expression(minimumPrecedence: 1))
        } while take(.comma)
        try expect(.rightParenthesis, in: "the arguments of \(name)")
        return arguments
    }

    /// `{…}` that constrains labels and selects nothing by itself, so it may be empty, but has no metric name.
    private mutating func labelSelector(of name: String) throws(PromQLSyntaxError) -> PromQLExpression {
        guard isAt(.leftBrace) else {
            throw error(
                "unexpected \(current.description), expected label selectors such as {data=~\".+\"} as the second "
                    + "argument of \(name)", at: current.range)
        }
        let selector = try selector(named: nil, start: current.range.lowerBound, isSelective: false)
        if case .selector(let parsed) = selector.node, parsed.metricName != nil {
            throw error("expected label selectors only, got vector selector instead", at: selector.range)
        }
        return selector
    }

    private func check(
        _ expression: PromQLExpression, is type: PromQLExpression.ValueType, for place: String
    ) throws(PromQLSyntaxError) {
        guard expression.type == type else {
            throw error("expected \(type.phrase) for \(place), not \(expression.type.phrase)", at: expression.range)
        }
    }
}
