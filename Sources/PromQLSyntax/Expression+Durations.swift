extension PromQLExpression {
    /// True if a range, step or offset somewhere in the tree is still to be worked out.
    static func hasComputedDurations(_ node: Node) -> Bool {
        switch node {
        case .selector(let selector): selector.shift.offset.isComputed
        case .matrix(let selector, let range): selector.shift.offset.isComputed || range.isComputed
        case .subquery(let subquery):
            subquery.range.isComputed || subquery.shift.offset.isComputed || subquery.step?.isComputed ?? false
        default: false
        }
    }

    /// The same tree with every range, step and offset a number. `step` and `range` are what `step()` and `range()`
    /// say, milliseconds, both 0 for an instant query; `text` is what was parsed, for the places of errors: a range or
    /// step that is not positive, a duration that is out of bounds, a division by zero.
    package func resolvingDurations(
        step: Int64, range: Int64, in text: String
    ) throws(PromQLSyntaxError) -> PromQLExpression {
        guard hasComputedDurations else { return self }
        return try DurationResolver(step: Double(step) / 1000, range: Double(range) / 1000, text: text).resolve(self)
    }
}

private struct DurationResolver {
    /// Seconds.
    let step: Double
    let range: Double
    let text: String

    func resolve(_ expression: PromQLExpression) throws(PromQLSyntaxError) -> PromQLExpression {
        guard expression.hasComputedDurations else { return expression }
        return PromQLExpression(try node(expression.node), type: expression.type, range: expression.range)
    }

    private func node(_ node: PromQLExpression.Node) throws(PromQLSyntaxError) -> PromQLExpression.Node {
        switch node {
        case .number, .string: return node
        case .selector(let selector): return .selector(try resolve(selector))
        case .matrix(let selector, let range): return .matrix(try resolve(selector), range: try positive(range))
        case .subquery(let subquery):
            var inner = Subquery(
                expression: try resolve(subquery.expression), range: try positive(subquery.range), step: nil,
                shift: subquery.shift)
            if let step = subquery.step { inner.step = try positive(step) }
            inner.shift.offset = try resolve(subquery.shift.offset)
            return .subquery(inner)
        case .negation(let operand): return .negation(try resolve(operand))
        case .plus(let operand): return .plus(try resolve(operand))
        case .parentheses(let inner): return .parentheses(try resolve(inner))
        case .binary(let binary):
            return .binary(
                BinaryExpression(
                    operator: binary.operator, left: try resolve(binary.left), right: try resolve(binary.right),
                    returnsBool: binary.returnsBool, matching: binary.matching))
        case .call(let function, let arguments):
            var resolved: [PromQLExpression] = []
            for argument in arguments { resolved.append(try resolve(argument)) }
            return .call(function, arguments: resolved)
        case .aggregation(let aggregation):
            var parameter: PromQLExpression?
            if let given = aggregation.parameter { parameter = try resolve(given) }
            return .aggregation(
                Aggregation(
                    operator: aggregation.operator, parameter: parameter, operand: try resolve(aggregation.operand),
                    grouping: aggregation.grouping))
        }
    }

    private func resolve(_ selector: VectorSelector) throws(PromQLSyntaxError) -> VectorSelector {
        var selector = selector
        selector.shift.offset = try resolve(selector.shift.offset)
        return selector
    }

    private func positive(_ duration: WrittenDuration) throws(PromQLSyntaxError) -> WrittenDuration {
        let resolved = try resolve(duration)
        if case .computed(_, let place) = duration, resolved.milliseconds <= 0 {
            throw PromQLSyntaxError("duration must be greater than 0", at: place, in: text)
        }
        return resolved
    }

    private func resolve(_ duration: WrittenDuration) throws(PromQLSyntaxError) -> WrittenDuration {
        guard case .computed(let expression, let place) = duration else { return duration }
        let seconds: Double
        do {
            seconds = try expression.value(step: step, range: range)
        } catch {
            throw PromQLSyntaxError(error.rawValue, at: place, in: text)
        }
        guard let milliseconds = seconds.durationMilliseconds else {
            throw PromQLSyntaxError(
                "duration is out of range: it must be within 292 years, not \(seconds.promQLText) s", at: place,
                in: text)
        }
        return .fixed(milliseconds)
    }
}
