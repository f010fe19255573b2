/// Finds who sent a record that is refused.
enum SourceIDSearch {
    /// The `source_id` of the record in `bytes` if it can be read and is in order, even if what comes after it is not
    /// JSON.
    static func sourceID(_ bytes: Span<UInt8>) -> String? {
        let start = bytes.skippingSpace(0)
        guard start < bytes.count, bytes[start] == ASCII.openBrace else { return nil }
        var entries = JSONEntries(at: start)
        // A fault ends the search: behind it nothing can be told apart.
        while let entry = try? entries.next(bytes) {
            guard let key = UnicodeText.unescaped(bytes, entry.key), ContractField(utf8: key) == .sourceID else {
                continue
            }
            guard bytes[entry.value.start] == ASCII.quote,
                let text = UnicodeText.unescaped(
                    bytes, ByteRange(start: entry.value.start + 1, end: entry.value.end - 1)),
                1...RecordExamination.longestName ~= UnicodeText.codePointCount(text),
                !text.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else { return nil }
            return String(decoding: text, as: UTF8.self)
        }
        return nil
    }
}
