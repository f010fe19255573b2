package enum BinaryOperator: String, CaseIterable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case atan2
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    /// Keeps of a histogram what lies below a bound.
    case trimUpper = "</"
    /// Keeps of a histogram what lies above a bound.
    case trimLower = ">/"
    case and
    case or
    case unless

    package var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: true
        default: false
        }
    }

    /// Only defined for histograms on the left and numbers on the right.
    package var isTrim: Bool { self == .trimUpper || self == .trimLower }

    package var isSet: Bool {
        switch self {
        case .and, .or, .unless: true
        default: false
        }
    }

    /// Higher binds tighter.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual, .trimUpper, .trimLower: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: 5
        case .power: 6
        }
    }

    var isRightAssociative: Bool { self == .power }
}

package struct BinaryExpression: Sendable {
    package let `operator`: BinaryOperator
    package let left: PromQLExpression
    package let right: PromQLExpression
    /// A comparison gives 0 or 1 where it would otherwise filter.
    package let returnsBool: Bool
    /// Present exactly when both sides are instant vectors.
    package let matching: VectorMatching?
}

/// Which elements of two vectors belong together.
package struct VectorMatching: Hashable, Sendable {
    package enum Cardinality: Sendable {
        case oneToOne
        /// `group_left`
        case manyToOne
        /// `group_right`
        case oneToMany
        /// The set operators.
        case manyToMany
    }

    package var cardinality: Cardinality = .oneToOne
    /// True: only `labels` count. False: all labels count except these and the metric name.
    package var on = false
    package var labels: [String] = []
    /// Labels that are taken over from the "one" side.
    package var include: [String] = []
    /// Stands for elements that have no partner on the left or right side (`fill_left`, `fill_right`, `fill`).
    package var fillLeft: Double?
    package var fillRight: Double?

    package init() {}
}

package enum AggregationOperator: String, CaseIterable, Sendable {
    case sum
    case avg
    case count
    case min
    case max
    case group
    case stddev
    case stdvar
    case topk
    case bottomk
    case countValues = "count_values"
    case quantile
    case limitk
    case limitRatio = "limit_ratio"

    /// The type of the first argument, for operators that take two.
    var parameterType: PromQLExpression.ValueType? {
        switch self {
        case .topk, .bottomk, .quantile, .limitk, .limitRatio: .scalar
        case .countValues: .string
        default: nil
        }
    }
}

package struct Aggregation: Sendable {
    package enum Grouping: Hashable, Sendable {
        case by([String])
        case without([String])
    }

    package let `operator`: AggregationOperator
    package let parameter: PromQLExpression?
    package let operand: PromQLExpression
    package let grouping: Grouping
}
