/// RE2's syntax (github.com/google/re2, `re2/syntax.txt`) as Go's `regexp/syntax` takes it with the flags `Perl |
/// DotNL`, which is how Prometheus parses label matchers.
struct PatternParser {
    struct Flags {
        var ignoresCase = false
        var dotMatchesNewline = true
        var isMultiline = false
        var isUngreedy = false
    }

    /// Groups within groups. Parsing and compiling recurse this deep.
    static let maximumNesting = 250
    static let maximumRepetition = 1_000
    static let maximumGroupCount = 1_000
    static let maximumByteCount = 256 * 1_024

    let scalars: [UInt32]
    var position = 0
    var flags = Flags()
    var nesting = 0
    /// Names of the groups met so far; element 0 stands for the whole pattern.
    var groupNames: [String?] = [nil]

    init(_ text: String) throws(LabelPatternError) {
        let limit = PatternParser.maximumByteCount
        guard text.utf8.count <= limit else {
            throw LabelPatternError(
                fault: .textTooLong(byteCount: text.utf8.count, limit: limit), byteOffset: 0, fragment: "")
        }
        scalars = text.unicodeScalars.map(\.value)
    }

    mutating func parse() throws(LabelPatternError) -> PatternNode {
        let node = try parseAlternation()
        if position < scalars.count {
            throw error(.unexpectedClosingParenthesis, from: position, to: position + 1)
        }
        return node
    }

    /// Up to the `)` that closes the enclosing group, or the end. Flags set inside end with it.
    mutating func parseAlternation() throws(LabelPatternError) -> PatternNode {
        let outerFlags = flags
        defer { flags = outerFlags }
        var branches: [PatternNode] = []
        var parts: [PatternNode] = []
        /// Where the last repetition ended: another one there would be stacked on it.
        var repetitionStart = -1
        var repetitionEnd = -1
        while let scalar = peek(), scalar != Character.closingParenthesis {
            let start = position
            if scalar == Character.bar {
                position += 1
                branches.append(PatternParser.joined(parts))
                parts = []
            } else if let repetition = try parseRepetition() {
                if start == repetitionEnd { throw error(.stackedRepetition, from: repetitionStart, to: position) }
                guard let body = parts.popLast() else { throw error(.nothingToRepeat, from: start, to: position) }
                try parts.append(repeating(body, repetition, from: start))
                repetitionStart = start
                repetitionEnd = position
            } else {
                try parseElement(into: &parts)
            }
        }
        branches.append(PatternParser.joined(parts))
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private static func joined(_ parts: [PatternNode]) -> PatternNode {
        parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    private mutating func parseElement(into parts: inout [PatternNode]) throws(LabelPatternError) {
        guard let scalar = peek() else { return }
        switch scalar {
        case Character.openingParenthesis:
            if let group = try parseGroup() { parts.append(group) }
        case Character.openingBracket:
            try parts.append(.set(parseClass()))
        case Character.backslash:
            try parseEscape(into: &parts)
        case Character.dot:
            position += 1
            parts.append(.set(flags.dotMatchesNewline ? .all : ScalarSet.newline.inverted))
        case Character.caret:
            position += 1
            parts.append(.assertion(flags.isMultiline ? .lineStart : .textStart))
        case Character.dollar:
            position += 1
            parts.append(.assertion(flags.isMultiline ? .lineEnd : .textEnd))
        default:
            position += 1
            parts.append(literal(scalar))
        }
    }

    /// A scalar that stands for itself, and for its other cases under `(?i)`.
    func literal(_ scalar: UInt32) -> PatternNode {
        // `\x{D800}` is half a scalar: a legal escape that no value can contain.
        guard Unicode.Scalar(scalar) != nil else { return .set(ScalarSet(scalar)) }
        guard flags.ignoresCase else { return .scalar(scalar) }
        let set = CaseFolding.closure(of: ScalarSet(scalar))
        return set.count == 1 ? .scalar(scalar) : .set(set)
    }

    // MARK: Repetition

    private struct Repetition {
        let minimum: Int
        let maximum: Int?
        let isCounted: Bool
        var isLazy: Bool
    }

    /// A repetition at the current position, or nil (then nothing is consumed). A `{` that begins none is a literal.
    private mutating func parseRepetition() throws(LabelPatternError) -> Repetition? {
        var repetition: Repetition
        switch peek() {
        case Character.asterisk:
            repetition = Repetition(minimum: 0, maximum: nil, isCounted: false, isLazy: flags.isUngreedy)
        case Character.plus:
            repetition = Repetition(minimum: 1, maximum: nil, isCounted: false, isLazy: flags.isUngreedy)
        case Character.questionMark:
            repetition = Repetition(minimum: 0, maximum: 1, isCounted: false, isLazy: flags.isUngreedy)
        case Character.openingBrace:
            guard let counted = try parseCounts() else { return nil }
            repetition = counted
        // parseCounts stands at the closing brace.
        default: return nil
        }
        position += 1
        if peek() == Character.questionMark {
            position += 1
            repetition.isLazy.toggle()
        }
        return repetition
    }

    /// `{n}`, `{n,}` or `{n,m}`; leaves the position at the `}`. Anything else is no repetition.
    private mutating func parseCounts() throws(LabelPatternError) -> Repetition? {
        let start = position
        var index = position + 1
        guard let minimum = PatternParser.number(in: scalars, at: &index) else { return nil }
        var maximum: Int? = minimum
        if index < scalars.count, scalars[index] == Character.comma {
            index += 1
            if index < scalars.count, scalars[index] == Character.closingBrace {
                maximum = nil
            } else {
                guard let upper = PatternParser.number(in: scalars, at: &index) else { return nil }
                maximum = upper
            }
        }
        guard index < scalars.count, scalars[index] == Character.closingBrace else { return nil }
        let limit = PatternParser.maximumRepetition
        guard minimum <= limit, maximum.map({ $0 <= limit && $0 >= minimum }) ?? true else {
            throw error(.invalidRepetitionCount(limit: limit), from: start, to: index + 1)
        }
        position = index
        return Repetition(minimum: minimum, maximum: maximum, isCounted: true, isLazy: flags.isUngreedy)
    }

    /// A decimal number, or nil if there is no digit or a leading zero. Saturates far above every limit.
    private static func number(in scalars: [UInt32], at index: inout Int) -> Int? {
        let start = index
        var value = 0
        while index < scalars.count, (0x30...0x39).contains(scalars[index]) {
            value = min(value * 10 + Int(scalars[index] - 0x30), 1_000_000)
            index += 1
        }
        let hasLeadingZero = index > start + 1 && scalars[start] == 0x30
        return index == start || hasLeadingZero ? nil : value
    }

    private func repeating(
        _ body: PatternNode, _ repetition: Repetition, from start: Int
    ) throws(LabelPatternError) -> PatternNode {
        let node = PatternNode.repetition(
            body, minimum: repetition.minimum, maximum: repetition.maximum, lazy: repetition.isLazy)
        if repetition.isCounted, node.repetitionProduct > PatternParser.maximumRepetition {
            throw error(
                .invalidRepetitionCount(limit: PatternParser.maximumRepetition), from: start, to: position)
        }
        return node
    }

    // MARK: Looking and reporting

    func peek(_ distance: Int = 0) -> UInt32? {
        position + distance < scalars.count ? scalars[position + distance] : nil
    }

    /// The scalars from `start` up to but not including `end`, as text.
    func text(from start: Int, to end: Int) -> String {
        var text = String.UnicodeScalarView()
        for value in scalars[min(start, scalars.count)..<min(end, scalars.count)] {
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        return String(text)
    }

    func error(_ fault: LabelPatternError.Fault, from start: Int, to end: Int) -> LabelPatternError {
        LabelPatternError(
            fault: fault, byteOffset: text(from: 0, to: start).utf8.count,
            fragment: text(from: start, to: min(end, start + 40)))
    }
}

/// The scalars that mean something in a pattern.
extension PatternParser {
    enum Character {
        static let openingParenthesis: UInt32 = 0x28
        static let closingParenthesis: UInt32 = 0x29
        static let openingBracket: UInt32 = 0x5B
        static let closingBracket: UInt32 = 0x5D
        static let openingBrace: UInt32 = 0x7B
        static let closingBrace: UInt32 = 0x7D
        static let backslash: UInt32 = 0x5C
        static let bar: UInt32 = 0x7C
        static let dot: UInt32 = 0x2E
        static let caret: UInt32 = 0x5E
        static let dollar: UInt32 = 0x24
        static let asterisk: UInt32 = 0x2A
        static let plus: UInt32 = 0x2B
        static let questionMark: UInt32 = 0x3F
        static let comma: UInt32 = 0x2C
        static let colon: UInt32 = 0x3A
        static let hyphen: UInt32 = 0x2D
        static let lessThan: UInt32 = 0x3C
        static let greaterThan: UInt32 = 0x3E
        static let equals: UInt32 = 0x3D
        static let exclamationMark: UInt32 = 0x21
    }

    static func isDigit(_ scalar: UInt32) -> Bool { (0x30...0x39).contains(scalar) }

    static func isLetterOrDigit(_ scalar: UInt32) -> Bool {
        isDigit(scalar) || (0x41...0x5A).contains(scalar) || (0x61...0x7A).contains(scalar)
    }
}
