import PromQLSyntax

extension PromQLExpression {
    /// Literals are as cheap at every step as at one.
    var isWorthHoisting: Bool {
        switch node {
        case .number, .string: false
        default: true
        }
    }

    /// True if the value is the same at every step: all selectors under it are pinned with `@`, and nothing asks for
    /// the time. A range vector that is pinned counts as well.
    var isStepInvariant: Bool {
        switch node {
        case .number, .string: true
        case .selector(let selector), .matrix(let selector, _): selector.shift.anchor != nil
        case .subquery(let subquery): subquery.shift.anchor != nil
        case .call(let function, let arguments):
            !function.dependsOnTime(argumentCount: arguments.count) && arguments.allSatisfy(\.isStepInvariant)
        default: children.allSatisfy(\.isStepInvariant)
        }
    }
}

extension PromQLFunction {
    fileprivate func dependsOnTime(argumentCount: Int) -> Bool {
        switch self {
        case .time, .predictLinear, .timestamp: true
        case .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .year: argumentCount == 0
        default: false
        }
    }
}
