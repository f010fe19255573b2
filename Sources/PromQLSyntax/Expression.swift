/// Other modules that import Foundation, which has an `Expression` too, use the long name.
package typealias Expression = PromQLExpression

/// A node of a parsed and type-checked query, with the part of the text that it stands for.
package struct PromQLExpression: Sendable {
    package indirect enum Node: Sendable {
        /// A number. Durations stand for seconds (`5m` is 300), and `isDuration` says that it was written as one.
        case number(Double, isDuration: Bool)
        case string(String)
        /// The newest sample of each series.
        case selector(VectorSelector)
        /// All samples of each series in a window as long as `range`.
        case matrix(VectorSelector, range: WrittenDuration)
        case subquery(Subquery)
        case negation(PromQLExpression)
        /// Unary `+`: the operand as it is.
        case plus(PromQLExpression)
        case binary(BinaryExpression)
        case call(PromQLFunction, arguments: [PromQLExpression])
        case aggregation(Aggregation)
        case parentheses(PromQLExpression)
    }

    /// What an expression evaluates to. The raw value is its name in messages.
    package enum ValueType: String, Sendable {
        case scalar
        case string
        case instantVector = "instant vector"
        case rangeVector = "range vector"
    }

    /// The deepest tree that the parser makes, so that walks over trees may recurse. Long chains of operators lean to
    /// one side and are as deep as they are long.
    package static let maximumHeight = 300
    /// How deep parentheses, calls and right sides of operators may be nested in each other. The parser and the engine
    /// need about 16 KiB of stack a level in a debug build.
    package static let maximumNesting = 100

    package let node: Node
    /// UTF-8 offsets into the text that was parsed.
    package let range: Range<Int>
    package let type: ValueType
    /// Nodes on the longest way down, this one included.
    let height: Int
    /// Ranges, steps or offsets in the tree are still to be worked out.
    let hasComputedDurations: Bool

    init(_ node: Node, type: ValueType, range: Range<Int>) {
        self.node = node
        self.type = type
        self.range = range
        let children = Self.children(of: node)
        height = 1 + (children.map(\.height).max() ?? 0)
        hasComputedDurations = Self.hasComputedDurations(node) || children.contains(where: \.hasComputedDurations)
    }

    package var children: [PromQLExpression] { Self.children(of: node) }

    /// The expression inside any number of parentheses.
    package var withoutParentheses: PromQLExpression {
        var inner = self
        while case .parentheses(let next) = inner.node { inner = next }
        return inner
    }

    private static func children(of node: Node) -> [PromQLExpression] {
        switch node {
        case .number, .string, .selector, .matrix: []
        case .subquery(let subquery): [subquery.expression]
        case .negation(let operand), .plus(let operand), .parentheses(let operand): [operand]
        case .binary(let binary): [binary.left, binary.right]
        case .call(_, let arguments): arguments
        case .aggregation(let aggregation): [aggregation.parameter, aggregation.operand].compactMap { $0 }
        }
    }
}

/// One condition of a selector, as it was written.
package struct LabelMatcherSyntax: Hashable, Sendable {
    package enum Operator: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case doesNotMatch = "!~"
    }

    package let name: String
    package let `operator`: Operator
    package let value: String
    /// UTF-8 offsets of the condition in the text.
    package let range: Range<Int>

    package init(name: String, operator: Operator, value: String, range: Range<Int>) {
        self.name = name
        self.operator = `operator`
        self.value = value
        self.range = range
    }
}

/// When a selector or subquery looks, apart from the evaluation time. `@` comes first, then the offset is taken off.
package struct TimeShift: Hashable, Sendable {
    package enum Anchor: Hashable, Sendable {
        /// Milliseconds since 1970.
        case time(Int64)
        case queryStart
        case queryEnd
    }

    /// Back; negative looks forward.
    package internal(set) var offset = WrittenDuration.none
    package internal(set) var anchor: Anchor?
}

/// How a selector treats the samples around its window or moment, where it is not the usual way.
package enum ExtendedRange: String, Sendable {
    /// The window begins with the last sample before it, if there is one.
    case anchored
    /// Values at the ends of the window, or at the moment, are interpolated between the samples around them.
    case smoothed
}

package struct VectorSelector: Sendable {
    /// The name before the braces or quoted inside them; it is also in `matchers`, as `__name__`, first.
    package let metricName: String?
    package let matchers: [LabelMatcherSyntax]
    package internal(set) var shift = TimeShift()
    package internal(set) var extended: ExtendedRange?
}

package struct Subquery: Sendable {
    package let expression: PromQLExpression
    package let range: WrittenDuration
    /// Nil for the engine's default.
    package internal(set) var step: WrittenDuration?
    package internal(set) var shift = TimeShift()
}
