import TelemetryModel

/// A record that is in order.
struct ExaminedRecord {
    let labels: LabelSet
    let timestamp: Int64
    let value: Double
    let message: String?
}

/// Reads one record exactly, however unusual its form, and says precisely what is wrong with it.
///
/// Takes microseconds: it serves the first record of each series, records that the fast reader gives up on, and bad
/// ones. All offsets are relative to the record's first byte.
struct RecordExamination {
    static let deepestNesting = 32
    static let longestName = 256
    static let longestMessage = 8192
    static let mostTags = 64
    static let longestTagName = 128
    static let longestTagValue = 1024

    private var seen: UInt8 = 0
    private var timestamp: Int64
    private var value = 0.0
    private var message: String?
    private var labels: [Label] = []

    /// The record in `bytes`, which hold nothing else.
    static func examine(_ bytes: Span<UInt8>, receivedAt: Int64) throws(Refusal) -> ExaminedRecord {
        let finding: JSONSyntax.Finding
        do throws(JSONFault) {
            finding = try JSONSyntax.scan(bytes)
            let rest = bytes.skippingSpace(finding.end)
            if rest < bytes.count {
                let found = JSONSyntax.description(bytes, rest)
                throw JSONFault(
                    offset: rest, what: "expected the end of the record, got \(found) (send one record a line)")
            }
        } catch {
            throw refusal(for: error, in: bytes)
        }
        if let place = finding.badText { throw .badText(column: column(bytes, place)) }
        guard finding.depth <= deepestNesting else { throw .nestingTooDeep(finding.depth) }
        let start = bytes.skippingSpace(0)
        guard bytes[start] == ASCII.openBrace else {
            throw .notAnObject(Excerpt.value(bytes, ByteRange(start: start, end: finding.end)))
        }
        var record = RecordExamination(timestamp: receivedAt)
        var entries = JSONEntries(at: start)
        while let entry = try next(&entries, bytes) { try record.take(entry, bytes) }
        return try record.finished()
    }

    private init(timestamp: Int64) { self.timestamp = timestamp }

    private mutating func take(_ entry: JSONEntry, _ bytes: Span<UInt8>) throws(Refusal) {
        let key = try Self.text(bytes, entry.key)
        guard let field = ContractField(utf8: key) else { throw .unknown(Excerpt.text(key)) }
        guard seen & field.bit == 0 else { throw .duplicate(field.rawValue) }
        seen |= field.bit
        switch field {
        case .timestamp:
            timestamp = try Self.timestamp(bytes, entry.value)
        case .sourceID:
            label(field.rawValue, try Self.name(field, bytes, entry.value))
        case .metricName:
            label(LabelSet.metricNameLabel, try Self.name(field, bytes, entry.value))
        case .metricValue:
            value = try Self.number(field.rawValue, bytes, entry.value)
        case .severity:
            let text = try Self.string(field.rawValue, bytes, entry.value)
            guard Severity.allCases.contains(where: { $0.rawValue.utf8.elementsEqual(text) }) else {
                throw .unknownSeverity(Excerpt.value(bytes, entry.value))
            }
            label(Severity.labelName, text)
        case .tags:
            for tag in try TagReader.read(bytes, entry.value) { labels.append(tag) }
        case .message:
            let text = try Self.string(field.rawValue, bytes, entry.value)
            try Self.checkLength(field.rawValue, text, atMost: Self.longestMessage)
            message = String(decoding: text, as: UTF8.self)
        }
    }

    private mutating func label(_ name: String, _ text: [UInt8]) {
        labels.append(Label(name, String(decoding: text, as: UTF8.self)))
    }

    private consuming func finished() throws(Refusal) -> ExaminedRecord {
        for field in ContractField.required where seen & field.bit == 0 { throw .missing(field) }
        // Sorted here, bytewise: names that differ only in Unicode normalization are different names.
        labels.sort { $0.name.isOrderedBeforeByBytes($1.name) }
        return ExaminedRecord(labels: LabelSet(labels), timestamp: timestamp, value: value, message: message)
    }

    private static func timestamp(_ bytes: Span<UInt8>, _ range: ByteRange) throws(Refusal) -> Int64 {
        let outcome: ContractTimestamp.Outcome
        switch bytes[range.start] {
        case ASCII.quote:
            let text = try string(ContractField.timestamp.rawValue, bytes, range)
            outcome = ContractTimestamp.read(text.span, ByteRange(start: 0, end: text.count))
        case ASCII.minus, 0x30...0x39:
            outcome = ContractTimestamp.milliseconds(try number(ContractField.timestamp.rawValue, bytes, range))
        default:
            throw .wrongType(
                ContractField.timestamp.rawValue, expected: "a date-time string or a whole number of milliseconds",
                got: Excerpt.value(bytes, range))
        }
        switch outcome {
        case .milliseconds(let milliseconds): return milliseconds
        case .malformed: throw .invalidTimestamp(Excerpt.value(bytes, range))
        case .outOfRange: throw .timestampOutOfRange(Excerpt.value(bytes, range))
        }
    }

    private static func name(
        _ field: ContractField, _ bytes: Span<UInt8>, _ range: ByteRange
    ) throws(Refusal) -> [UInt8] {
        let text = try string(field.rawValue, bytes, range)
        try checkLength(field.rawValue, text, atMost: longestName)
        try checkControls(field.rawValue, text)
        return text
    }
}

/// The parts that tags need too.
extension RecordExamination {
    static func next(_ entries: inout JSONEntries, _ bytes: Span<UInt8>) throws(Refusal) -> JSONEntry? {
        do {
            return try entries.next(bytes)
        } catch {
            throw refusal(for: error, in: bytes)
        }
    }

    /// The text of the string in `range`, quotes included.
    static func string(_ field: String, _ bytes: Span<UInt8>, _ range: ByteRange) throws(Refusal) -> [UInt8] {
        guard bytes[range.start] == ASCII.quote else {
            throw .wrongType(field, expected: "a string", got: Excerpt.value(bytes, range))
        }
        return try text(bytes, ByteRange(start: range.start + 1, end: range.end - 1))
    }

    /// The text of the inside of a string.
    static func text(_ bytes: Span<UInt8>, _ range: ByteRange) throws(Refusal) -> [UInt8] {
        guard let text = UnicodeText.unescaped(bytes, range) else { throw .badText(column: column(bytes, range.start)) }
        return text
    }

    /// The number in `range`, finite.
    static func number(_ field: String, _ bytes: Span<UInt8>, _ range: ByteRange) throws(Refusal) -> Double {
        switch JSONNumber.read(bytes, at: range.start, limit: range.end) {
        case .number(let number, _): return number
        case .infinite: throw .numberOutOfRange(field, Excerpt.value(bytes, range))
        case .tooLong: throw .tooLong(field, limit: JSONNumber.longest, got: range.count, of: "bytes in a number")
        case .malformed: throw .wrongType(field, expected: "a number", got: Excerpt.value(bytes, range))
        }
    }

    static func checkLength(
        _ field: String, _ text: [UInt8], atLeast least: Int = 1, atMost limit: Int
    ) throws(Refusal) {
        let count = UnicodeText.codePointCount(text)
        guard count >= least else { throw .empty(field) }
        guard count <= limit else { throw .tooLong(field, limit: limit, got: count) }
    }

    static func checkControls(_ field: String, _ text: [UInt8]) throws(Refusal) {
        if let byte = text.first(where: { $0 < 0x20 || $0 == 0x7F }) { throw .control(field, byte) }
    }

    /// The column, from 1, of the code point at `offset`, in a text that begins a line.
    static func column(_ bytes: Span<UInt8>, _ offset: Int) -> Int { TextPosition(bytes, offset).column }

    static func refusal(for fault: JSONFault, in bytes: Span<UInt8>) -> Refusal {
        let isText =
            fault.offset >= bytes.count
            || UnicodeText.sequenceLength(bytes, at: fault.offset, limit: bytes.count) != nil
        return .notJSON(fault, column: column(bytes, fault.offset), isText: isText)
    }
}
