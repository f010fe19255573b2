/// One `"key": value` of an object.
struct JSONEntry {
    /// Inside the quotes.
    let key: ByteRange
    /// With its quotes, braces or brackets.
    let value: ByteRange
}

/// Steps through the entries of an object, without going into their values.
struct JSONEntries {
    private var index: Int
    private var isFirst = true

    /// The object whose opening brace is at `offset`.
    init(at offset: Int = 0) { index = offset + 1 }

    /// The next entry, or nil after the last one. Throws where the text is not an object.
    mutating func next(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONEntry? {
        index = bytes.skippingSpace(index)
        if index < bytes.count, bytes[index] == ASCII.closeBrace { return nil }
        if !isFirst {
            guard index < bytes.count, bytes[index] == ASCII.comma else { throw unexpected(bytes, "',' or '}'") }
            index = bytes.skippingSpace(index + 1)
        }
        isFirst = false
        guard index < bytes.count, bytes[index] == ASCII.quote, let quote = bytes.closingQuote(index + 1) else {
            throw unexpected(bytes, "a key in double quotes")
        }
        let key = ByteRange(start: index + 1, end: quote)
        index = bytes.skippingSpace(quote + 1)
        guard index < bytes.count, bytes[index] == ASCII.colon else { throw unexpected(bytes, "a colon after the key") }
        let start = bytes.skippingSpace(index + 1)
        index = try JSONSyntax.scan(bytes, from: start).end
        return JSONEntry(key: key, value: ByteRange(start: start, end: index))
    }

    private func unexpected(_ bytes: Span<UInt8>, _ wanted: String) -> JSONFault {
        JSONFault(offset: index, what: "expected \(wanted), got \(JSONSyntax.description(bytes, index))")
    }
}
