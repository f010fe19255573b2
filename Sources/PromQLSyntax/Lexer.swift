/// Splits a query into tokens. Inside braces and brackets a colon is a token of its own; elsewhere it belongs to names.
struct Lexer {
    /// Longer texts are refused before anything is allocated for them.
    static let maximumBytes = 1 << 20

    private let text: String
    private let bytes: [UInt8]
    private var offset = 0
    private var nesting: [Token.Symbol] = []

    private init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// All tokens; the last one is `.end`.
    static func tokens(of text: String) throws(PromQLSyntaxError) -> [Token] {
        guard text.utf8.count <= maximumBytes else {
            throw PromQLSyntaxError("the query is longer than \(maximumBytes) bytes", at: 0..<0, in: text)
        }
        var lexer = Lexer(text)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    private func error(_ message: String, from start: Int, to end: Int) -> PromQLSyntaxError {
        PromQLSyntaxError(message, at: start..<max(start, min(end, bytes.count)), in: text)
    }

    private mutating func next() throws(PromQLSyntaxError) -> Token {
        skipSpaceAndComments()
        let start = offset
        guard let first = byte() else { return Token(kind: .end, range: start..<start) }
        if first.isIdentifierStart || (first == UInt8(ascii: ":") && nesting.isEmpty) {
            return identifier()
        }
        if first.isDigit || (first == UInt8(ascii: ".") && byte(1)?.isDigit == true) { return try number() }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") || first == UInt8(ascii: "`") {
            return try string()
        }
        if first == UInt8(ascii: "{"), byte(1) == UInt8(ascii: "{") {
            throw error("unexpected \"{{\": a histogram cannot be written in a query", from: start, to: start + 2)
        }
        return try symbol()
    }

    private mutating func skipSpaceAndComments() {
        while let next = byte() {
            if next == UInt8(ascii: "#") {
                while let inComment = byte(), inComment != UInt8(ascii: "\n") { offset += 1 }
            } else if next == 0x20 || (0x09...0x0D).contains(next) {
                offset += 1
            } else {
                return
            }
        }
    }

    private mutating func identifier() -> Token {
        let start = offset
        let takesColon = nesting.isEmpty
        while let next = byte(), next.isIdentifierPart || (takesColon && next == UInt8(ascii: ":")) { offset += 1 }
        let range = start..<offset
        return Token(kind: .identifier(String(decoding: bytes[range], as: UTF8.self)), range: range)
    }

    private mutating func symbol() throws(PromQLSyntaxError) -> Token {
        let start = offset
        for length in [2, 1] where start + length <= bytes.count {
            let spelled = String(decoding: bytes[start..<start + length], as: UTF8.self)
            guard let symbol = Token.Symbol(rawValue: spelled) else { continue }
            offset += length
            switch symbol {
            case .leftBrace, .leftBracket: nesting.append(symbol)
            case .rightBrace, .rightBracket: _ = nesting.popLast()
            default: break
            }
            return Token(kind: .symbol(symbol), range: start..<offset)
        }
        let character = text.utf8.index(text.utf8.startIndex, offsetBy: start)
        throw error("unexpected character \(String(text[character]).promQLQuoted)", from: start, to: start + 1)
    }

    // MARK: Numbers and durations

    private mutating func number() throws(PromQLSyntaxError) -> Token {
        let start = offset
        if byte() == UInt8(ascii: "0"), byte(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            offset += 2
            while let next = byte(), next.isIdentifierPart { offset += 1 }
        } else {
            scanDecimal()
        }
        let wordStart = offset
        while let next = byte(), next.isIdentifierPart { offset += 1 }
        let range = start..<offset
        let word = String(decoding: bytes[range], as: UTF8.self)
        if wordStart == offset, let value = Double(promQLNumber: word) {
            guard value.isFinite else { throw error("the number is too large", from: start, to: offset) }
            return Token(kind: .number(value), range: range)
        }
        do {
            return Token(kind: .duration(try PromQLDuration.parse(word)), range: range)
        } catch {
            throw self.error("\"\(word)\" is neither a number nor a duration", from: start, to: offset)
        }
    }

    private mutating func scanDecimal() {
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0.isDigit || $0 == UInt8(ascii: "_") } ?? false }
        while isDigit(byte()) { offset += 1 }
        if byte() == UInt8(ascii: ".") {
            offset += 1
            while isDigit(byte()) { offset += 1 }
        }
        guard byte().map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return }
        let hasSign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
        guard byte(hasSign ? 2 : 1)?.isDigit == true else { return }
        offset += hasSign ? 2 : 1
        while isDigit(byte()) { offset += 1 }
    }

    // MARK: Strings

    private mutating func string() throws(PromQLSyntaxError) -> Token {
        let start = offset
        let quote = bytes[start]
        offset += 1
        var content: [UInt8] = []
        while let next = byte(), next != quote {
            if quote == UInt8(ascii: "`") {
                content.append(next)
                offset += 1
            } else if next == UInt8(ascii: "\\") {
                try escape(quote: quote, into: &content)
            } else if next == UInt8(ascii: "\n") {
                throw error("the string is not closed before the end of the line", from: start, to: offset)
            } else {
                content.append(next)
                offset += 1
            }
        }
        guard offset < bytes.count else { throw error("the string is not closed", from: start, to: offset) }
        offset += 1
        guard let value = String(validating: content, as: UTF8.self) else {
            throw error("the string is not valid UTF-8", from: start, to: offset)
        }
        return Token(kind: .string(value), range: start..<offset)
    }

    /// The escapes of Go's string literals, which PromQL shares.
    private mutating func escape(quote: UInt8, into content: inout [UInt8]) throws(PromQLSyntaxError) {
        let start = offset
        guard let letter = byte(1) else { throw error("the string is not closed", from: start, to: start + 1) }
        offset += 2
        switch letter {
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "\\"), quote: content.append(letter)
        case UInt8(ascii: "x"): content.append(UInt8(truncatingIfNeeded: try digits(2, radix: 16, from: start)))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let code = try digits(letter == UInt8(ascii: "u") ? 4 : 8, radix: 16, from: start)
            guard let scalar = Unicode.Scalar(code) else {
                throw error("the escape is not a Unicode character", from: start, to: offset)
            }
            content.append(contentsOf: Array(String(Character(scalar)).utf8))
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            offset -= 1
            let code = try digits(3, radix: 8, from: start)
            guard code < 256 else { throw error("an octal escape goes up to \\377", from: start, to: offset) }
            content.append(UInt8(truncatingIfNeeded: code))
        default: throw error("unknown escape in a string", from: start, to: offset)
        }
    }

    private mutating func digits(_ count: Int, radix: Int, from start: Int) throws(PromQLSyntaxError) -> UInt32 {
        let end = offset + count
        guard end <= bytes.count, bytes[offset..<end].allSatisfy({ $0.isHexadecimalDigit }),
            let value = UInt32(String(decoding: bytes[offset..<end], as: UTF8.self), radix: radix)
        else { throw error("the escape needs \(count) digits", from: start, to: end) }
        offset = end
        return value
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
    fileprivate var isHexadecimalDigit: Bool { isDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self | 0x20 }
    fileprivate var isIdentifierStart: Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 || self == UInt8(ascii: "_")
    }
    fileprivate var isIdentifierPart: Bool { isIdentifierStart || isDigit }
}

extension Double {
    /// Reads what the lexer takes for a number: integers in any of Go's bases (a leading 0 is octal), else decimal.
    init?(promQLNumber text: String) {
        guard text.utf8.last != separator, text.utf8.first != separator, !text.hasAdjacentSeparators else { return nil }
        let plain = text.filter { $0 != "_" }
        let lower = plain.lowercased()
        if lower.hasPrefix("0x") {
            guard let value = UInt64(lower.dropFirst(2), radix: 16) else { return nil }
            self = Double(value)
        } else if plain.hasPrefix("0"), plain.count > 1, let octal = UInt64(plain, radix: 8) {
            self = Double(octal)
        } else if let value = Double(plain.hasSuffix(".") ? plain + "0" : plain.replacingLeadingPoint) {
            self = value
        } else {
            return nil
        }
    }
}

private let separator = UInt8(ascii: "_")

extension String {
    fileprivate var hasAdjacentSeparators: Bool {
        zip(utf8, utf8.dropFirst()).contains { $0 == separator && $1 == separator }
    }

    fileprivate var replacingLeadingPoint: String { hasPrefix(".") ? "0" + self : self }
}
