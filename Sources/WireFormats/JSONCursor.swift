/// Goes down into a text that is known to be JSON. What it does not find as expected is a `JSONFault` with its place.
///
/// `null` counts as nothing at all, as in protobuf's JSON form (https://protobuf.dev/programming-guides/json/).
struct JSONCursor {
    /// Of the value that is next, or before it.
    private(set) var offset: Int

    init(at offset: Int) { self.offset = offset }

    /// Calls `body` with the name of each field of the object that is next, the cursor at the field's value. A value that is
    /// left where it is, is passed over.
    mutating func fields(
        _ bytes: Span<UInt8>, _ body: (inout JSONCursor, String) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard try enter(bytes, ASCII.openBrace, "an object") else { return }
        while next(bytes, ASCII.closeBrace) {
            let quote = bytes.closingQuote(offset + 1) ?? bytes.count
            let name = UnicodeText.unescaped(bytes, ByteRange(start: offset + 1, end: quote)) ?? []
            offset = bytes.skippingSpace(bytes.skippingSpace(quote + 1) + 1)
            try value(bytes) { (cursor) throws(JSONFault) in try body(&cursor, String(decoding: name, as: UTF8.self)) }
        }
    }

    /// Calls `body` for each element of the array that is next.
    mutating func elements(
        _ bytes: Span<UInt8>, _ body: (inout JSONCursor) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard try enter(bytes, ASCII.openBracket, "an array") else { return }
        while next(bytes, ASCII.closeBracket) { try value(bytes, body) }
    }

    private mutating func value(
        _ bytes: Span<UInt8>, _ body: (inout JSONCursor) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        let start = offset
        if offset < bytes.count, bytes[offset] != UInt8(ascii: "n") { try body(&self) }
        if offset == start { _ = try skip(bytes) }
    }

    /// Steps over an opening brace or bracket; false for `null`.
    private mutating func enter(_ bytes: Span<UInt8>, _ open: UInt8, _ wanted: String) throws(JSONFault) -> Bool {
        offset = bytes.skippingSpace(offset)
        guard offset < bytes.count, bytes[offset] == open else {
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "n") {
                _ = try skip(bytes)
                return false
            }
            throw try unexpected(wanted, bytes)
        }
        offset += 1
        return true
    }

    /// Steps to the next entry, or over the closing brace or bracket: then false.
    private mutating func next(_ bytes: Span<UInt8>, _ close: UInt8) -> Bool {
        offset = bytes.skippingSpace(offset)
        if offset < bytes.count, bytes[offset] == ASCII.comma { offset = bytes.skippingSpace(offset + 1) }
        guard offset < bytes.count, bytes[offset] != close else {
            offset += 1
            return false
        }
        return true
    }

    /// Passes over the value that is next, and says where it stands.
    mutating func skip(_ bytes: Span<UInt8>) throws(JSONFault) -> ByteRange {
        let start = bytes.skippingSpace(offset)
        offset = try JSONSyntax.scan(bytes, from: start).end
        return ByteRange(start: start, end: offset)
    }

    // MARK: Scalars

    /// In UTF-8.
    mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> [UInt8] {
        let place = self
        let range = try skip(bytes)
        guard bytes[range.start] == ASCII.quote,
            let text = UnicodeText.unescaped(bytes, ByteRange(start: range.start + 1, end: range.end - 1))
        else { throw try place.unexpected("a string", bytes) }
        return text
    }

    mutating func boolean(_ bytes: Span<UInt8>) throws(JSONFault) -> Bool {
        let place = self
        switch bytes[try skip(bytes).start] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw try place.unexpected("true or false", bytes)
        }
    }

    /// A number, or a string that has one: protobuf writes integers of 64 bits so, and what is not finite.
    mutating func double(_ bytes: Span<UInt8>) throws(JSONFault) -> Double {
        let place = self
        let number = try numeral(bytes)
        switch String(decoding: bytes.array(number), as: UTF8.self) {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: break
        }
        guard case .number(let value, let end) = JSONNumber.read(bytes, at: number.start, limit: number.end),
            end == number.end
        else { throw try place.unexpected("a number that a 64-bit float can hold", bytes) }
        return value
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ bytes: Span<UInt8>, _ type: Value.Type = Value.self
    ) throws(JSONFault) -> Value {
        let place = self
        let number = try numeral(bytes)
        let text = String(decoding: bytes.array(number), as: UTF8.self)
        if let value = Value(text), !text.hasPrefix("+") { return value }
        // 1.5e3 is a whole number, too.
        guard case .number(let double, let end) = JSONNumber.read(bytes, at: number.start, limit: number.end),
            end == number.end, let value = Value(exactly: double)
        else {
            throw try place.unexpected("a whole number from \(Value.min) to \(Value.max)", bytes)
        }
        return value
    }

    /// Where the number stands, without quotes around it.
    private mutating func numeral(_ bytes: Span<UInt8>) throws(JSONFault) -> ByteRange {
        let range = try skip(bytes)
        return bytes[range.start] == ASCII.quote ? ByteRange(start: range.start + 1, end: range.end - 1) : range
    }

    private func unexpected(_ wanted: String, _ bytes: Span<UInt8>) throws(JSONFault) -> JSONFault {
        var cursor = self
        let range = try cursor.skip(bytes)
        return JSONFault(offset: range.start, what: "expected \(wanted), got \(Excerpt.value(bytes, range))")
    }
}
