/// `(…)`, `(?:…)`, `(?P<name>…)`, `(?<name>…)`, `(?flags)` and `(?flags:…)`.
extension PatternParser {
    /// The group at the current `(`; nil if it only sets flags for what follows.
    mutating func parseGroup() throws(LabelPatternError) -> PatternNode? {
        let start = position
        position += 1
        guard peek() == Character.questionMark else {
            return try parseCapture(named: nil, from: start)
        }
        position += 1
        let next = peek(1)
        switch peek() {
        case Character.equals, Character.exclamationMark:
            throw error(.lookAround, from: start, to: position + 1)
        case Character.lessThan where next == Character.equals || next == Character.exclamationMark:
            throw error(.lookAround, from: start, to: position + 2)
        case 0x50 where next == Character.equals:
            throw error(.backReference, from: start, to: position + 2)
        case 0x50 where next == Character.lessThan:
            position += 2
            return try parseNamedCapture(from: start)
        case Character.lessThan:
            position += 1
            return try parseNamedCapture(from: start)
        default:
            return try parseFlags(from: start)
        }
    }

    private mutating func parseNamedCapture(from start: Int) throws(LabelPatternError) -> PatternNode {
        let nameStart = position
        while let scalar = peek(), PatternParser.isLetterOrDigit(scalar) || scalar == 0x5F { position += 1 }
        guard peek() == Character.greaterThan, position > nameStart else {
            throw error(.invalidGroupName, from: start, to: position + 1)
        }
        let name = text(from: nameStart, to: position)
        guard !groupNames.contains(name) else {
            throw error(.duplicateGroupName, from: nameStart, to: position)
        }
        position += 1
        return try parseCapture(named: name, from: start)
    }

    private mutating func parseCapture(named name: String?, from start: Int) throws(LabelPatternError) -> PatternNode {
        let index = groupNames.count
        guard index <= PatternParser.maximumGroupCount else {
            throw error(.tooManyGroups(limit: PatternParser.maximumGroupCount), from: start, to: start + 1)
        }
        groupNames.append(name)
        return .group(try parseBody(from: start), index: index)
    }

    /// What is inside, and the `)`.
    private mutating func parseBody(from start: Int) throws(LabelPatternError) -> PatternNode {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= PatternParser.maximumNesting else {
            throw error(.nestingTooDeep(limit: PatternParser.maximumNesting), from: start, to: start + 1)
        }
        let body = try parseAlternation()
        guard peek() == Character.closingParenthesis else {
            throw error(.missingClosingParenthesis, from: start, to: scalars.count)
        }
        position += 1
        return body
    }

    private mutating func parseFlags(from start: Int) throws(LabelPatternError) -> PatternNode? {
        var changed = flags
        var value = true
        var flagSeen = false
        while let scalar = peek() {
            position += 1
            switch scalar {
            case 0x69: changed.ignoresCase = value
            case 0x6D: changed.isMultiline = value
            case 0x73: changed.dotMatchesNewline = value
            case 0x55: changed.isUngreedy = value
            case Character.hyphen where value:
                value = false
                flagSeen = false
                continue
            case Character.closingParenthesis where value || flagSeen:
                flags = changed
                return nil
            case Character.colon where value || flagSeen:
                let outerFlags = flags
                flags = changed
                defer { flags = outerFlags }
                return try parseBody(from: start)
            default: throw error(.unknownGroup, from: start, to: position)
            }
            flagSeen = true
        }
        throw error(.missingClosingParenthesis, from: start, to: position)
    }
}
