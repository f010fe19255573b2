/// What a backslash begins.
extension PatternParser {
    /// An escape outside a class.
    mutating func parseEscape(into parts: inout [PatternNode]) throws(LabelPatternError) {
        let start = position
        switch peek(1) {
        case 0x41:
            position += 2
            parts.append(.assertion(.textStart))
        case 0x7A:
            position += 2
            parts.append(.assertion(.textEnd))
        case 0x62:
            position += 2
            parts.append(.assertion(.wordBoundary))
        case 0x42:
            position += 2
            parts.append(.assertion(.noWordBoundary))
        case 0x51:
            position += 2
            parseQuotation(into: &parts)
        case .some(let digit) where (0x31...0x39).contains(digit) && !(digit < 0x38 && isOctalDigit(peek(2))):
            throw error(.backReference, from: start, to: start + 2)
        default:
            if let set = try parseEscapedSet() {
                parts.append(.set(set))
            } else {
                try parts.append(literal(parseEscapedScalar()))
            }
        }
    }

    /// The rest of `\Q…\E`; without `\E` it goes to the end.
    private mutating func parseQuotation(into parts: inout [PatternNode]) {
        while let scalar = peek() {
            if scalar == Character.backslash, peek(1) == 0x45 {
                position += 2
                return
            }
            position += 1
            parts.append(literal(scalar))
        }
    }

    /// `\d`, `\p{…}` and their like, in a class or outside; nil (nothing consumed) if it is another escape.
    mutating func parseEscapedSet() throws(LabelPatternError) -> ScalarSet? {
        let set: ScalarSet
        switch peek(1) {
        case 0x64, 0x44: set = .digits
        case 0x73, 0x53: set = .whitespace
        case 0x77, 0x57: set = .wordCharacters
        case 0x70, 0x50: return try parseUnicodeProperty()
        default: return nil
        }
        let isNegated = peek(1).map { $0 < 0x60 } ?? false
        position += 2
        return folded(set, isNegated: isNegated)
    }

    /// Folding comes before negation: `(?i)\P{Lu}` has no letter that differs from an upper-case one by case only.
    func folded(_ set: ScalarSet, isNegated: Bool) -> ScalarSet {
        let whole = flags.ignoresCase ? CaseFolding.closure(of: set) : set
        return isNegated ? whole.inverted : whole
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`, `\PL`.
    private mutating func parseUnicodeProperty() throws(LabelPatternError) -> ScalarSet {
        let start = position
        var isNegated = peek(1) == 0x50
        position += 2
        var nameStart = position
        var nameEnd = position + 1
        if peek() == Character.openingBrace {
            nameStart = position + 1
            nameEnd = nameStart
            while nameEnd < scalars.count, scalars[nameEnd] != Character.closingBrace { nameEnd += 1 }
            guard nameEnd < scalars.count else {
                throw error(.unknownUnicodeProperty, from: start, to: scalars.count)
            }
            position = nameEnd + 1
        } else {
            position = min(nameEnd, scalars.count)
        }
        var name = text(from: nameStart, to: nameEnd)
        if name.unicodeScalars.first == "^" {
            isNegated.toggle()
            name.unicodeScalars.removeFirst()
        }
        guard let set = PatternParser.unicodeProperty(named: name) else {
            throw error(.unknownUnicodeProperty, from: start, to: position)
        }
        return folded(set, isNegated: isNegated)
    }

    private static func unicodeProperty(named name: String) -> ScalarSet? {
        if name == "Any" { return .all }
        return name.utf8.count <= 2 ? UnicodeCategories.set(named: name) : UnicodeScripts.set(named: name)
    }

    /// An escape for one scalar, in a class or outside.
    mutating func parseEscapedScalar() throws(LabelPatternError) -> UInt32 {
        let start = position
        guard let scalar = peek(1) else { throw error(.trailingBackslash, from: start, to: start + 1) }
        position += 2
        switch scalar {
        case 0x61: return 0x07
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x76: return 0x0B
        case 0x78: return try parseHexadecimal(from: start)
        case 0x30,
            0x31...0x37 where isOctalDigit(peek()):
            var value = scalar - 0x30
            var digitCount = 1
            while digitCount < 3, let digit = peek(), isOctalDigit(digit) {
                value = value * 8 + (digit - 0x30)
                digitCount += 1
                position += 1
            }
            return value
        case 0..<0x80 where !PatternParser.isLetterOrDigit(scalar): return scalar
        default: throw error(.invalidEscape, from: start, to: position)
        }
    }

    /// The digits after `\x`: two, or up to 10FFFF in braces.
    private mutating func parseHexadecimal(from start: Int) throws(LabelPatternError) -> UInt32 {
        var value: UInt32 = 0
        if peek() == Character.openingBrace {
            position += 1
            let digitsStart = position
            while let digit = hexadecimalDigit(peek()), value <= ScalarSet.highestScalar {
                value = value * 16 + digit
                position += 1
            }
            guard position > digitsStart, value <= ScalarSet.highestScalar, peek() == Character.closingBrace else {
                throw error(.invalidEscape, from: start, to: position + 1)
            }
            position += 1
            return value
        }
        for _ in 0..<2 {
            guard let digit = hexadecimalDigit(peek()) else {
                throw error(.invalidEscape, from: start, to: position + 1)
            }
            value = value * 16 + digit
            position += 1
        }
        return value
    }

    private func isOctalDigit(_ scalar: UInt32?) -> Bool {
        scalar.map { (0x30...0x37).contains($0) } ?? false
    }

    private func hexadecimalDigit(_ scalar: UInt32?) -> UInt32? {
        switch scalar {
        case .some(let digit) where PatternParser.isDigit(digit): digit - 0x30
        case .some(let letter) where (0x41...0x46).contains(letter): letter - 0x41 + 10
        case .some(let letter) where (0x61...0x66).contains(letter): letter - 0x61 + 10
        default: nil
        }
    }
}
