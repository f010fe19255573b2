import TelemetryModel

/// Why a record is refused: the facts and the sentence.
struct Refusal: Error {
    /// `metric_value`, `tags.region`, or nil for the record as a whole.
    let field: String?
    let reason: RejectionReason
    /// What was expected, what came, what to do.
    let message: String

    init(_ reason: RejectionReason, field: String? = nil, _ message: String) {
        self.field = field
        self.reason = reason
        self.message = message
    }
}

/// All sentences about refused records, in one place.
extension Refusal {
    static func notJSON(_ fault: JSONFault, column: Int, isText: Bool) -> Refusal {
        isText
            ? Refusal(.invalidJSON, "The record is not JSON: at column \(column), \(fault.what).")
            : Refusal(
                .invalidUTF8, "The record is not UTF-8: at column \(column), \(fault.what). Send the text as UTF-8.")
    }

    static func badText(column: Int) -> Refusal {
        Refusal(
            .invalidUTF8,
            "The record is not Unicode text: at column \(column) stands malformed UTF-8 or half of a surrogate pair. "
                + "Send UTF-8, and write code points above U+FFFF directly or as two \\u escapes.")
    }

    static func nestingTooDeep(_ depth: Int) -> Refusal {
        Refusal(
            .nestingTooDeep,
            "Expected at most \(RecordExamination.deepestNesting) levels of objects and arrays, got \(depth). "
                + "A record needs two: itself and its tags.")
    }

    static func notAnObject(_ found: String) -> Refusal {
        Refusal(
            .notAnObject,
            "Expected a record, which is a JSON object such as "
                + #"{"source_id": "pump-1", "metric_name": "pressure", "metric_value": 4.2}, got \#(found)."#)
    }

    static func missing(_ field: ContractField) -> Refusal {
        Refusal(.missingField, field: field.rawValue, "The record has no \(field.rawValue), which every record needs.")
    }

    static func unknown(_ name: String) -> Refusal {
        let advice =
            if let nearest = ContractField.nearest(to: name) {
                "Did you mean \(nearest.rawValue)?"
            } else {
                "The fields are \(ContractField.allCases.map(\.rawValue).joined(separator: ", ")); put anything "
                    + "else into tags."
            }
        return Refusal(.unknownField, field: name, "There is no field \"\(name)\" in the data contract. \(advice)")
    }

    static func duplicate(_ field: String) -> Refusal {
        Refusal(.duplicateKey, field: field, "\(field) stands in the record more than once. Send it once.")
    }

    static func wrongType(_ field: String, expected: String, got found: String) -> Refusal {
        Refusal(.wrongType, field: field, "\(field): expected \(expected), got \(found).")
    }

    static func empty(_ field: String) -> Refusal {
        Refusal(.emptyValue, field: field, "\(field): expected at least one character, got none.")
    }

    static func tooLong(_ field: String, limit: Int, got count: Int, of unit: String = "characters") -> Refusal {
        Refusal(.valueTooLong, field: field, "\(field): expected at most \(limit) \(unit), got \(count).")
    }

    static func control(_ field: String, _ byte: UInt8) -> Refusal {
        let code = String(byte, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 4 - code.count) + code
        return Refusal(
            .controlCharacter, field: field,
            "\(field): expected text without control characters, got U+\(padded) in it.")
    }

    static func invalidTimestamp(_ found: String) -> Refusal {
        Refusal(
            .invalidTimestamp, field: ContractField.timestamp.rawValue,
            "timestamp: expected an RFC 3339 date-time with Z or an offset, such as 2026-05-04T03:02:01.5Z, or "
                + "a whole number of milliseconds since 1970, got \(found).")
    }

    static func timestampOutOfRange(_ found: String) -> Refusal {
        Refusal(
            .timestampOutOfRange, field: ContractField.timestamp.rawValue,
            "timestamp: expected a year from 1970 to 2099, or 0 to \(ContractTimestamp.latest) milliseconds, "
                + "got \(found). Check the device's clock and that the unit is milliseconds.")
    }

    static func numberOutOfRange(_ field: String, _ found: String) -> Refusal {
        Refusal(
            .numberOutOfRange, field: field,
            "\(field): expected a number that a 64-bit float can hold (up to about 1.8e308), got \(found).")
    }

    static func unknownSeverity(_ found: String) -> Refusal {
        let known = Severity.allCases.map(\.rawValue).joined(separator: ", ")
        return Refusal(
            .unknownSeverity, field: ContractField.severity.rawValue,
            "severity: expected one of \(known) in lower case, got \(found).")
    }

    static func reservedTag(_ field: String, _ name: String) -> Refusal {
        Refusal(
            .reservedTag, field: field,
            "A tag cannot be called \"\(name)\": source_id and severity are the record's own fields, and names "
                + "that begin with __ are Heliograph's. Choose another name.")
    }

    static func tooManyTags() -> Refusal {
        Refusal(
            .tooManyTags, field: ContractField.tags.rawValue,
            "tags: expected at most \(RecordExamination.mostTags) entries, got more.")
    }

    static func overBudget(_ error: SeriesBudgetExceeded) -> Refusal { Refusal(error.reason, error.message) }
}

/// What a value is, in words for a sentence.
enum Excerpt {
    private static let longest = 40

    /// `the string "abc"`, `the number 5`, `an object`: what the JSON value in `range` is.
    static func value(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        guard !range.isEmpty else { return "nothing" }
        return switch bytes[range.start] {
        case ASCII.quote: "the string \(text(bytes, range))"
        case ASCII.openBrace: "an object"
        case ASCII.openBracket: "an array"
        case ASCII.minus, 0x30...0x39: "the number \(text(bytes, range))"
        default: text(bytes, range)
        }
    }

    /// The beginning of the text in `range`, printable, on one line.
    static func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        var end = range.end
        if range.count > longest {
            end = range.start + longest
            while end > range.start, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        var out = ""
        for scalar in String(decoding: bytes.array(ByteRange(start: range.start, end: end)), as: UTF8.self)
            .unicodeScalars
        {
            out.unicodeScalars.append(visible(scalar))
        }
        return end < range.end ? out + "…" : out
    }

    /// A control character as its picture, such as ␍ (Unicode's block Control Pictures).
    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
        case 0x7F: "\u{2421}"
        case 0x80...0x9F: "\u{FFFD}"
        default: scalar
        }
    }

    static func text(_ bytes: [UInt8]) -> String {
        text(bytes.span, ByteRange(start: 0, end: bytes.count))
    }
}
