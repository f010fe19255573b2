import TelemetryModel

/// Reads the object `tags` of a record that is known to be JSON.
enum TagReader {
    private static let reserved = [ContractField.sourceID.rawValue, ContractField.severity.rawValue]
    private static let reservedPrefix = "__"

    /// One label for each tag whose text is not empty, in the order of the record. `range` covers the value of `tags`.
    static func read(_ bytes: Span<UInt8>, _ range: ByteRange) throws(Refusal) -> [Label] {
        guard bytes[range.start] == ASCII.openBrace else {
            throw .wrongType(
                ContractField.tags.rawValue, expected: "an object of strings, numbers and booleans",
                got: Excerpt.value(bytes, range))
        }
        var labels: [Label] = []
        var names: Set<[UInt8]> = []
        var entries = JSONEntries(at: range.start)
        while let entry = try RecordExamination.next(&entries, bytes) {
            let name = try RecordExamination.text(bytes, entry.key)
            let field = "tags." + Excerpt.text(name)
            guard names.insert(name).inserted else { throw .duplicate(field) }
            guard names.count <= RecordExamination.mostTags else { throw .tooManyTags() }
            try check(name, field)
            let value = try text(of: entry.value, field, bytes)
            if !value.isEmpty {
                labels.append(Label(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
            }
        }
        return labels
    }

    private static func check(_ name: [UInt8], _ field: String) throws(Refusal) {
        try RecordExamination.checkLength(field, name, atMost: RecordExamination.longestTagName)
        try RecordExamination.checkControls(field, name)
        if name.starts(with: reservedPrefix.utf8) || reserved.contains(where: { $0.utf8.elementsEqual(name) }) {
            throw .reservedTag(field, Excerpt.text(name))
        }
    }

    /// Strings as they read, numbers and booleans as they are written.
    private static func text(of value: ByteRange, _ field: String, _ bytes: Span<UInt8>) throws(Refusal) -> [UInt8] {
        switch bytes[value.start] {
        case ASCII.quote:
            let text = try RecordExamination.string(field, bytes, value)
            try RecordExamination.checkLength(field, text, atLeast: 0, atMost: RecordExamination.longestTagValue)
            try RecordExamination.checkControls(field, text)
            return text
        case ASCII.minus, 0x30...0x39:
            _ = try RecordExamination.number(field, bytes, value)
            return bytes.array(value)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return bytes.array(value)
        default:
            throw .wrongType(field, expected: "a string, a number or a boolean", got: Excerpt.value(bytes, value))
        }
    }
}
