#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Arithmetic with durations, as it may stand for a range, a subquery's step or an offset: `[2 * step() + 5s]`.
/// All values are seconds.
package indirect enum DurationExpression: Hashable, Sendable {
    package enum Operator: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case modulo = "%"
        case power = "^"
    }

    /// `isDuration`: written with units (`5m`), not as a number of seconds (`300`).
    case literal(seconds: Double, isDuration: Bool)
    /// `step()`: the resolution of a range query, 0 for an instant query.
    case step
    /// `range()`: from the start to the end of a range query, 0 for an instant query.
    case range
    case negation(DurationExpression)
    case binary(Operator, DurationExpression, DurationExpression)
    /// `min_of(a, b)`
    case lesser(DurationExpression, DurationExpression)
    /// `max_of(a, b)`
    case greater(DurationExpression, DurationExpression)
    case parentheses(DurationExpression)

    /// How deep parentheses, calls and right sides of operators may be nested in each other.
    static let maximumNesting = 30

    /// Why an expression has no value.
    enum Failure: String, Error {
        case divisionByZero = "division by zero"
        case moduloByZero = "modulo by zero"
    }

    /// True if the value depends on the query's step or range.
    var dependsOnQuery: Bool {
        switch self {
        case .literal: false
        case .step, .range: true
        case .negation(let operand), .parentheses(let operand): operand.dependsOnQuery
        case .binary(_, let left, let right), .lesser(let left, let right), .greater(let left, let right):
            left.dependsOnQuery || right.dependsOnQuery
        }
    }

    /// Seconds; `step` and `range` are those of the query, in seconds.
    func value(step: Double, range: Double) throws(Failure) -> Double {
        switch self {
        case .literal(let seconds, _): return seconds
        case .step: return step
        case .range: return range
        case .negation(let operand): return -(try operand.value(step: step, range: range))
        case .parentheses(let operand): return try operand.value(step: step, range: range)
        case .lesser(let left, let right):
            return min(try left.value(step: step, range: range), try right.value(step: step, range: range))
        case .greater(let left, let right):
            return max(try left.value(step: step, range: range), try right.value(step: step, range: range))
        case .binary(let `operator`, let left, let right):
            let (a, b) = (try left.value(step: step, range: range), try right.value(step: step, range: range))
            switch `operator` {
            case .add: return a + b
            case .subtract: return a - b
            case .multiply: return a * b
            case .divide:
                guard b != 0 else { throw .divisionByZero }
                return a / b
            case .modulo:
                guard b != 0 else { throw .moduloByZero }
                return fmod(a, b)
            case .power: return pow(a, b)
            }
        }
    }
}

/// A range, a step or an offset of a selector or subquery.
package enum WrittenDuration: Hashable, Sendable {
    /// Milliseconds. Negative only in offsets.
    case fixed(Int64)
    /// Still to be worked out for a query (`PromQLExpression.resolvingDurations`), with its place in the text.
    case computed(DurationExpression, Range<Int>)

    /// 0 while it is not worked out.
    package var milliseconds: Int64 {
        switch self {
        case .fixed(let milliseconds): milliseconds
        case .computed: 0
        }
    }

    var isComputed: Bool {
        switch self {
        case .fixed: false
        case .computed: true
        }
    }

    /// What an offset that was not given is.
    static let none = WrittenDuration.fixed(0)
}

extension Double {
    /// Seconds as whole milliseconds, rounded; nil outside the durations that there are, and for NaN.
    var durationMilliseconds: Int64? {
        let milliseconds = (self * 1000).rounded()
        return milliseconds.magnitude <= Double(PromQLDuration.maximum) ? Int64(milliseconds) : nil
    }
}
