/// A parsed pattern.
enum PatternNode: Sendable {
    case empty
    case scalar(UInt32)
    case set(ScalarSet)
    case assertion(PatternAssertion)
    /// The `index`-th capturing group, from 1.
    indirect case group(PatternNode, index: Int)
    case concatenation([PatternNode])
    /// Earlier branches are preferred.
    case alternation([PatternNode])
    /// `maximum` nil: unbounded. `lazy`: fewer rounds are preferred.
    indirect case repetition(PatternNode, minimum: Int, maximum: Int?, lazy: Bool)
}

/// A condition on the place between two scalars.
enum PatternAssertion: Hashable, Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary

    func holds(before: ScalarKind, after: ScalarKind) -> Bool {
        switch self {
        case .textStart: before == .edge
        case .textEnd: after == .edge
        case .lineStart: before == .edge || before == .newline
        case .lineEnd: after == .edge || after == .newline
        case .wordBoundary: (before == .word) != (after == .word)
        case .noWordBoundary: (before == .word) == (after == .word)
        }
    }
}

/// What assertions need to know of a neighbour.
enum ScalarKind: UInt8, Sendable {
    /// No scalar: the start or the end of the text.
    case edge
    case newline
    /// ASCII letter, digit or underscore, as for `\b` in RE2.
    case word
    case other

    init(_ scalar: UInt32) {
        self =
            switch scalar {
            case 0x0A: .newline
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: .word
            default: .other
            }
    }
}

extension PatternNode {
    /// Whether it can match without consuming anything.
    var canBeEmpty: Bool {
        switch self {
        case .empty, .assertion: true
        case .scalar, .set: false
        case .group(let body, _): body.canBeEmpty
        case .concatenation(let parts): parts.allSatisfy(\.canBeEmpty)
        case .alternation(let branches): branches.contains(where: \.canBeEmpty)
        case .repetition(let body, let minimum, _, _): minimum == 0 || body.canBeEmpty
        }
    }

    /// The largest product of repetition counts along any path down.
    var repetitionProduct: Int {
        switch self {
        case .empty, .scalar, .set, .assertion: 1
        case .group(let body, _): body.repetitionProduct
        case .concatenation(let parts): parts.reduce(1) { max($0, $1.repetitionProduct) }
        case .alternation(let branches): branches.reduce(1) { max($0, $1.repetitionProduct) }
        case .repetition(let body, let minimum, let maximum, _):
            max(1, maximum ?? minimum) * body.repetitionProduct
        }
    }
}
