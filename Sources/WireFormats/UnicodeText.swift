/// UTF-8 (RFC 3629) and JSON's escapes, byte by byte.
enum UnicodeText {
    /// The length (1…4) of the well-formed UTF-8 sequence at `offset`, or nil if there is none before `limit`: stray
    /// and missing continuation bytes, overlong forms, surrogates and code points above U+10FFFF are all refused.
    static func sequenceLength(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Int? {
        guard offset < limit else { return nil }
        let first = bytes[offset]
        // Unicode 16, table 3-7: only the second byte's range depends on the first one.
        let length: Int
        let second: ClosedRange<UInt8>
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard offset + length <= limit, second.contains(bytes[offset + 1]) else { return nil }
        for index in offset + 2..<max(offset + 2, offset + length) where bytes[index] & 0xC0 != 0x80 { return nil }
        return length
    }

    /// What stands at a backslash.
    enum Escape {
        /// A code point and the number of bytes that spell it: 2, 6, or 12 for a surrogate pair.
        case scalar(UInt32, length: Int)
        /// Half of a surrogate pair, six bytes long: the grammar allows it, I-JSON does not (RFC 7493, section 2.1).
        case loneSurrogate
        case malformed
    }

    /// Reads the escape whose backslash is at `offset`.
    static func escape(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> Escape {
        guard offset + 1 < limit else { return .malformed }
        switch bytes[offset + 1] {
        case ASCII.quote: return .scalar(0x22, length: 2)
        case ASCII.backslash: return .scalar(0x5C, length: 2)
        case ASCII.slash: return .scalar(0x2F, length: 2)
        case UInt8(ascii: "b"): return .scalar(0x08, length: 2)
        case UInt8(ascii: "f"): return .scalar(0x0C, length: 2)
        case UInt8(ascii: "n"): return .scalar(0x0A, length: 2)
        case UInt8(ascii: "r"): return .scalar(0x0D, length: 2)
        case UInt8(ascii: "t"): return .scalar(0x09, length: 2)
        case UInt8(ascii: "u"): break
        default: return .malformed
        }
        guard let high = fourHexDigits(bytes, at: offset + 2, limit: limit) else { return .malformed }
        guard 0xD800...0xDFFF ~= high else { return .scalar(high, length: 6) }
        guard high < 0xDC00, offset + 7 < limit, bytes[offset + 6] == ASCII.backslash,
            bytes[offset + 7] == UInt8(ascii: "u"),
            let low = fourHexDigits(bytes, at: offset + 8, limit: limit), 0xDC00...0xDFFF ~= low
        else { return .loneSurrogate }
        return .scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), length: 12)
    }

    private static func fourHexDigits(_ bytes: Span<UInt8>, at offset: Int, limit: Int) -> UInt32? {
        guard offset + 4 <= limit else { return nil }
        var value: UInt32 = 0
        for index in offset..<offset + 4 {
            guard let digit = ASCII.hexDigit(bytes[index]) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    /// The UTF-8 text that the inside of a JSON string stands for, or nil if it is not text: bad UTF-8, a bad escape,
    /// a lone surrogate, a raw quote or control character.
    static func unescaped(_ bytes: Span<UInt8>, _ range: ByteRange) -> [UInt8]? {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.start
        while index < range.end {
            let byte = bytes[index]
            if byte == ASCII.backslash {
                guard case .scalar(let scalar, let length) = escape(bytes, at: index, limit: range.end) else {
                    return nil
                }
                append(scalar, to: &text)
                index += length
            } else {
                guard byte >= ASCII.space, byte != ASCII.quote,
                    let length = sequenceLength(bytes, at: index, limit: range.end)
                else { return nil }
                for offset in index..<index + length { text.append(bytes[offset]) }
                index += length
            }
        }
        return text
    }

    /// How many code points the inside of a JSON string stands for, or nil if `unescaped` would give nil. The string
    /// is known to hold no raw quote and no control character.
    static func codePointCount(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int? {
        var count = 0
        var index = range.start
        while index < range.end {
            if bytes[index] == ASCII.backslash {
                guard case .scalar(_, let length) = escape(bytes, at: index, limit: range.end) else { return nil }
                index += length
            } else {
                guard let length = sequenceLength(bytes, at: index, limit: range.end) else { return nil }
                index += length
            }
            count += 1
        }
        return count
    }

    /// How many code points well-formed UTF-8 holds.
    static func codePointCount(_ text: [UInt8]) -> Int {
        var count = 0
        for byte in text where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            text.append(UInt8(truncatingIfNeeded: scalar))
        case 0x80..<0x800:
            text.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
            text.append(continuation(scalar))
        case 0x800..<0x10000:
            text.append(0xE0 | UInt8(truncatingIfNeeded: scalar >> 12))
            text.append(continuation(scalar >> 6))
            text.append(continuation(scalar))
        default:
            text.append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18))
            text.append(continuation(scalar >> 12))
            text.append(continuation(scalar >> 6))
            text.append(continuation(scalar))
        }
    }

    private static func continuation(_ bits: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: bits & 0x3F) }
}
