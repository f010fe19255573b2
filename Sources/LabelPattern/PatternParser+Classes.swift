/// `[…]`: scalars, ranges, escapes, POSIX classes.
extension PatternParser {
    mutating func parseClass() throws(LabelPatternError) -> ScalarSet {
        let start = position
        position += 1
        let isNegated = peek() == Character.caret
        if isNegated { position += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        /// Parts that were folded on their own, because they may be negated.
        var foldedRanges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = peek() {
            // A closing bracket in the first place stands for itself.
            if scalar == Character.closingBracket && !isFirst {
                position += 1
                let body = flags.ignoresCase ? CaseFolding.closure(of: ScalarSet(ranges)).ranges : ranges
                let set = ScalarSet(body + foldedRanges)
                return isNegated ? set.inverted : set
            }
            isFirst = false
            if let posix = try parsePOSIXClass() {
                foldedRanges += posix.ranges
            } else if scalar == Character.backslash, let set = try parseEscapedSet() {
                foldedRanges += set.ranges
            } else {
                try ranges.append(parseClassRange(classStart: start))
            }
        }
        throw error(.missingClosingBracket, from: start, to: scalars.count)
    }

    private mutating func parseClassRange(classStart: Int) throws(LabelPatternError) -> ClosedRange<UInt32> {
        let start = position
        let low = try parseClassScalar(classStart: classStart)
        guard peek() == Character.hyphen, let next = peek(1), next != Character.closingBracket else {
            return low...low
        }
        position += 1
        let high = try parseClassScalar(classStart: classStart)
        guard low <= high else { throw error(.invalidClassRange, from: start, to: position) }
        return low...high
    }

    private mutating func parseClassScalar(classStart: Int) throws(LabelPatternError) -> UInt32 {
        guard let scalar = peek() else {
            throw error(.missingClosingBracket, from: classStart, to: scalars.count)
        }
        if scalar == Character.backslash { return try parseEscapedScalar() }
        position += 1
        return scalar
    }

    /// `[:name:]` or `[:^name:]` at the current position; nil (nothing consumed) if there is no such bracket pair.
    private mutating func parsePOSIXClass() throws(LabelPatternError) -> ScalarSet? {
        guard peek() == Character.openingBracket, peek(1) == Character.colon else { return nil }
        let start = position
        var end = position + 2
        while end + 1 < scalars.count,
            !(scalars[end] == Character.colon && scalars[end + 1] == Character.closingBracket)
        {
            // A name has letters only; looking further would make many unclosed `[:` quadratic.
            guard PatternParser.isLetterOrDigit(scalars[end]) || scalars[end] == Character.caret else { return nil }
            end += 1
        }
        guard end + 1 < scalars.count else { return nil }
        var name = text(from: start + 2, to: end)
        let isNegated = name.unicodeScalars.first == "^"
        if isNegated { name.unicodeScalars.removeFirst() }
        guard let ranges = PatternParser.posixClass(named: name) else {
            throw error(.unknownClassName, from: start, to: end + 2)
        }
        position = end + 2
        return folded(ScalarSet(ranges), isNegated: isNegated)
    }

    private static func posixClass(named name: String) -> [ClosedRange<UInt32>]? {
        let lower: ClosedRange<UInt32> = 0x61...0x7A
        let upper: ClosedRange<UInt32> = 0x41...0x5A
        let digit: ClosedRange<UInt32> = 0x30...0x39
        return switch name {
        case "alnum": [digit, upper, lower]
        case "alpha": [upper, lower]
        case "ascii": [0...0x7F]
        case "blank": [0x09...0x09, 0x20...0x20]
        case "cntrl": [0...0x1F, 0x7F...0x7F]
        case "digit": [digit]
        case "graph": [0x21...0x7E]
        case "lower": [lower]
        case "print": [0x20...0x7E]
        case "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case "space": [0x09...0x0D, 0x20...0x20]
        case "upper": [upper]
        case "word": [digit, upper, 0x5F...0x5F, lower]
        case "xdigit": [digit, 0x41...0x46, 0x61...0x66]
        default: nil
        }
    }
}
