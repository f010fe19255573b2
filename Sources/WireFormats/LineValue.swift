/// What stands for a field's value in line protocol.
enum LineValue {
    enum Outcome {
        /// Finite; `end` is the offset after the last byte.
        case number(Double, end: Int)
        /// A text in quotes.
        case text(end: Int)
        /// A number that a 64-bit float, or an integer of 64 bits, cannot hold.
        case outOfRange(end: Int)
        /// A quote that none follows.
        case openText
        case malformed
    }

    /// Reads the value at `offset`. What follows it is the caller's affair.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Outcome {
        var index = offset
        let isNegative = index < limit && bytes[index] == ASCII.minus
        if isNegative { index &+= 1 }
        let first = index
        let magnitude = bytes.digits(&index, limit: limit)
        // With 18 digits nothing has wrapped.
        guard index > first, index &- first <= 18 else { return readUnusual(bytes, at: offset, limit: limit) }
        let next = index < limit ? bytes[index] : ASCII.newline
        switch next {
        case ASCII.point, UInt8(ascii: "e"), UInt8(ascii: "E"):
            guard case .number(let number, let end) = JSONNumber.read(bytes, at: offset, limit: limit) else {
                return readUnusual(bytes, at: offset, limit: limit)
            }
            return .number(number, end: end)
        case UInt8(ascii: "i"):
            return .number(Double(isNegative ? 0 &- magnitude : magnitude), end: index &+ 1)
        case UInt8(ascii: "u") where !isNegative: return .number(Double(magnitude), end: index &+ 1)
        case ASCII.comma, ASCII.space, ASCII.newline, ASCII.carriageReturn:
            return .number(isNegative ? -Double(magnitude) : Double(magnitude), end: index)
        default: return readUnusual(bytes, at: offset, limit: limit)
        }
    }

    /// Texts, truth values, and numbers that are written in other ways, such as `.5`, `+1` or with many digits.
    @inline(never)
    private static func readUnusual(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Outcome {
        guard offset < limit else { return .malformed }
        if bytes[offset] == ASCII.quote {
            guard let quote = bytes.endOfQuotedText(offset + 1, limit: limit) else { return .openText }
            return .text(end: quote + 1)
        }
        let end = endOfToken(bytes, at: offset, limit: limit)
        guard end - offset <= JSONNumber.longest else { return .malformed }
        let token = String(decoding: bytes.array(ByteRange(start: offset, end: end)), as: UTF8.self)
        switch token {
        case "t", "T", "true", "True", "TRUE": return .number(1, end: end)
        case "f", "F", "false", "False", "FALSE": return .number(0, end: end)
        default: return number(token, end: end)
        }
    }

    private static func number(_ token: String, end: Int) -> Outcome {
        let digits = token.utf8.drop { $0 == ASCII.minus || $0 == ASCII.plus }
        guard token.utf8.count - digits.count <= 1, let first = digits.first,
            ASCII.digit(first) <= 9 || first == ASCII.point
        else { return .malformed }
        if let suffix = digits.last, suffix == UInt8(ascii: "i") || suffix == UInt8(ascii: "u") {
            guard digits.dropLast().allSatisfy({ ASCII.digit($0) <= 9 }) else { return .malformed }
            let isSigned = suffix == UInt8(ascii: "i")
            guard isSigned || !token.hasPrefix("-") else { return .malformed }
            let number =
                isSigned ? Int64(token.dropLast()).map { Double($0) } : UInt64(token.dropLast()).map { Double($0) }
            return number.map { .number($0, end: end) } ?? .outOfRange(end: end)
        }
        // What the standard library reads beyond decimal numbers: hexadecimal ones, NaN and infinities.
        guard digits.allSatisfy({ ASCII.digit($0) <= 9 || "+-.eE".utf8.contains($0) }), let number = Double(token)
        else { return .malformed }
        return number.isFinite ? .number(number, end: end) : .outOfRange(end: end)
    }

    /// Up to the next comma or white space.
    static func endOfToken(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Int {
        var index = offset
        while index < limit, bytes[index] != ASCII.comma, !ASCII.isSpace(bytes[index]) { index += 1 }
        return index
    }
}
