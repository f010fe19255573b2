/// Where a text stops being JSON (RFC 8259), and what was expected there.
struct JSONFault: Error, Equatable {
    /// Offset of the byte at fault; the text's length if it ended too early.
    let offset: Int
    /// `expected a colon after the key, got '}'`
    let what: String
}

/// Checks that a text is JSON, without recursion: depth costs one bit a level, whatever the client sends.
struct JSONSyntax {
    struct Finding: Equatable {
        /// The offset after the value.
        var end: Int
        /// 1 for a scalar, an empty object or array; one more for each level inside.
        var depth: Int
        /// The first place that is JSON by the grammar but not Unicode text: malformed UTF-8 inside a string, or an
        /// escaped surrogate that has no partner.
        var badText: Int?
    }

    private enum Expected {
        case value
        case elementOrEnd
        case keyOrEnd
        case key
        case commaOrEnd
    }

    /// Reads one value from `offset` on (leading whitespace allowed). What follows it is the caller's affair.
    static func scan(_ bytes: Span<UInt8>, from offset: Int = 0) throws(JSONFault) -> Finding {
        var finding = Finding(end: offset, depth: 1, badText: nil)
        var open = BitStack()
        var expected = Expected.value
        var index = offset
        while true {
            index = bytes.skippingSpace(index)
            guard index < bytes.count else { throw fault(bytes, index, expected, inObject: open.last) }
            let byte = bytes[index]
            switch (expected, byte) {
            case (.value, ASCII.openBrace), (.elementOrEnd, ASCII.openBrace):
                open.push(true)
                finding.depth = max(finding.depth, open.count)
                expected = .keyOrEnd
                index += 1
            case (.value, ASCII.openBracket), (.elementOrEnd, ASCII.openBracket):
                open.push(false)
                finding.depth = max(finding.depth, open.count)
                expected = .elementOrEnd
                index += 1
            case (.elementOrEnd, ASCII.closeBracket), (.keyOrEnd, ASCII.closeBrace),
                (.commaOrEnd, ASCII.closeBracket) where !open.last, (.commaOrEnd, ASCII.closeBrace) where open.last:
                open.pop()
                expected = .commaOrEnd
                index += 1
            case (.commaOrEnd, ASCII.comma):
                expected = open.last ? .key : .value
                index += 1
            case (.keyOrEnd, ASCII.quote), (.key, ASCII.quote):
                index = bytes.skippingSpace(try string(bytes, index, &finding))
                guard index < bytes.count, bytes[index] == ASCII.colon else {
                    throw JSONFault(
                        offset: index, what: "expected a colon after the key, got \(description(bytes, index))")
                }
                expected = .value
                index += 1
            case (.value, _), (.elementOrEnd, _):
                index = try scalar(bytes, index, expected, &finding)
                // A scalar inside a container is one level deeper than the container.
                finding.depth = max(finding.depth, open.count)
                expected = .commaOrEnd
            default:
                throw fault(bytes, index, expected, inObject: open.last)
            }
            if open.count == 0, expected == .commaOrEnd {
                finding.end = index
                return finding
            }
        }
    }

    private static func scalar(
        _ bytes: Span<UInt8>, _ offset: Int, _ expected: Expected, _ finding: inout Finding
    ) throws(JSONFault) -> Int {
        switch bytes[offset] {
        case ASCII.quote: return try string(bytes, offset, &finding)
        case UInt8(ascii: "t"): return try literal(bytes, offset, "true")
        case UInt8(ascii: "f"): return try literal(bytes, offset, "false")
        case UInt8(ascii: "n"): return try literal(bytes, offset, "null")
        case ASCII.minus, 0x30...0x39:
            switch JSONNumber.read(bytes, at: offset, limit: bytes.count) {
            case .number(_, let end), .infinite(let end), .tooLong(let end): return end
            case .malformed(let place):
                throw JSONFault(
                    offset: place,
                    what:
                        "expected a number written as in JSON, got \(description(bytes, place)) in "
                        + "it\(notFinite(bytes, place))"
                )
            }
        default: throw fault(bytes, offset, expected, inObject: false)
        }
    }

    private static func literal(_ bytes: Span<UInt8>, _ offset: Int, _ text: StaticString) throws(JSONFault) -> Int {
        let expected = Array("\(text)".utf8)
        for (place, byte) in expected.enumerated() where offset + place >= bytes.count || bytes[offset + place] != byte
        {
            throw JSONFault(
                offset: offset + place,
                what: "expected the literal \(text), got \(description(bytes, offset + place)) in it")
        }
        return offset + expected.count
    }

    /// Checks the string whose opening quote is at `offset` and gives the offset after its closing quote.
    private static func string(
        _ bytes: Span<UInt8>, _ offset: Int, _ finding: inout Finding
    ) throws(JSONFault) -> Int {
        var index = offset + 1
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case ASCII.quote: return index + 1
            case ASCII.backslash:
                switch UnicodeText.escape(bytes, at: index, limit: bytes.count) {
                case .scalar(_, let length): index += length
                case .loneSurrogate:
                    if finding.badText == nil { finding.badText = index }
                    index += 6
                case .malformed:
                    throw JSONFault(
                        offset: index,
                        what: #"expected one of the escapes \" \\ \/ \b \f \n \r \t \uXXXX after the backslash"#)
                }
            case 0..<ASCII.space:
                throw JSONFault(
                    offset: index,
                    what:
                        "expected the string to go on or to be closed, got \(description(bytes, index)), which "
                        + "must be escaped"
                )
            case 0x80...:
                if let length = UnicodeText.sequenceLength(bytes, at: index, limit: bytes.count) {
                    index += length
                } else {
                    if finding.badText == nil { finding.badText = index }
                    index += 1
                }
            default: index += 1
            }
        }
        throw JSONFault(offset: index, what: "expected the closing quote of a string, got the end of the text")
    }

    private static func fault(
        _ bytes: Span<UInt8>, _ offset: Int, _ expected: Expected, inObject: Bool
    ) -> JSONFault {
        let wanted =
            switch expected {
            case .value: "a value"
            case .elementOrEnd: "a value or ']'"
            case .keyOrEnd: "a key in double quotes or '}'"
            case .key: "a key in double quotes"
            case .commaOrEnd: inObject ? "',' or '}'" : "',' or ']'"
            }
        return JSONFault(
            offset: offset, what: "expected \(wanted), got \(description(bytes, offset))\(notFinite(bytes, offset))")
    }

    private static func notFinite(_ bytes: Span<UInt8>, _ offset: Int) -> String {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "N") || bytes[offset] == UInt8(ascii: "I") else {
            return ""
        }
        return " (JSON has no NaN and no Infinity: send a finite number, or no record)"
    }

    /// What a reader sees at `offset`, in words.
    static func description(_ bytes: Span<UInt8>, _ offset: Int) -> String {
        guard offset < bytes.count else { return "the end of the text" }
        let byte = bytes[offset]
        switch byte {
        case ASCII.newline, ASCII.carriageReturn: return "a line break"
        case ASCII.tab: return "a tab"
        case 0x21...0x7E: return "'\(Character(UnicodeScalar(byte)))'"
        case 0x80...:
            guard let length = UnicodeText.sequenceLength(bytes, at: offset, limit: bytes.count) else { break }
            let text = String(decoding: bytes.array(ByteRange(start: offset, end: offset + length)), as: UTF8.self)
            return text == "\u{FEFF}" ? "a byte order mark, which JSON text must not have" : "'\(text)'"
        default: break
        }
        return "the byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

/// The containers that are open around a place in a text, true for objects.
private struct BitStack {
    private(set) var count = 0
    private var words: [UInt64] = []

    /// The innermost container; false when none is open.
    var last: Bool {
        count > 0 && words[(count - 1) / 64] >> UInt64((count - 1) % 64) & 1 == 1
    }

    mutating func push(_ isObject: Bool) {
        if count % 64 == 0 { words.append(0) }
        let bit: UInt64 = 1 << UInt64(count % 64)
        if isObject { words[count / 64] |= bit }
        count += 1
    }

    mutating func pop() {
        count -= 1
        words[count / 64] &= ~(1 << UInt64(count % 64))
        if count % 64 == 0 { words.removeLast() }
    }
}
