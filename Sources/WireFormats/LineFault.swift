import TelemetryModel

/// Why a line cannot be read.
struct LineFault: Error {
    /// Of the byte at fault.
    let offset: Int
    let reason: RejectionReason
    let field: String?
    /// What was expected and what came, without a full stop.
    let what: String
    /// Where to look for the newline behind which the next line begins: behind a string with newlines in it if that is
    /// whole, else in front of them, so that a quote that is missing costs one line.
    var resume: Int

    init(_ offset: Int, reason: RejectionReason = .invalidLine, field: String? = nil, _ what: String) {
        self.offset = offset
        self.reason = reason
        self.field = field
        self.what = what
        resume = offset
    }
}

/// All sentences about broken lines, in one place.
extension LineFault {
    static func noFields(_ offset: Int) -> LineFault {
        LineFault(
            offset,
            "expected a space and a field such as temperature=21.5 after the measurement and its tags, got the end of the line"
        )
    }

    static func noFieldName(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> LineFault {
        LineFault(
            start,
            "expected a field such as temperature=21.5, got \(excerpt(bytes, ByteRange(start: start, end: end)))"
                + (start == end ? "" : " without a value"))
    }

    static func value(_ offset: Int, _ limit: Int, _ bytes: Span<UInt8>) -> LineFault {
        let end = LineValue.endOfToken(bytes, at: offset, limit: limit)
        return LineFault(
            offset,
            "expected a number, true, false or a text in quotes, got "
                + excerpt(bytes, ByteRange(start: offset, end: end)))
    }

    static func openText(_ offset: Int) -> LineFault {
        LineFault(offset, "expected a quote that ends the text that begins here, got the end of the request")
    }

    static func afterValue(_ offset: Int, _ limit: Int, _ bytes: Span<UInt8>) -> LineFault {
        let end = LineValue.endOfToken(bytes, at: offset, limit: limit)
        return LineFault(
            offset,
            "expected a comma, a space or the end of the line after a value, got "
                + excerpt(bytes, ByteRange(start: offset, end: end)))
    }

    static func timestamp(_ offset: Int, _ limit: Int, _ precision: LinePrecision, _ bytes: Span<UInt8>) -> LineFault {
        let end = bytes.endOfLine(offset, limit: limit)
        return LineFault(
            offset,
            "expected the time as a whole number of \(precision.name), got "
                + excerpt(bytes, ByteRange(start: offset, end: end)))
    }

    static func timestampOutOfRange(
        _ range: ByteRange, _ precision: LinePrecision, _ bytes: Span<UInt8>
    ) -> LineFault {
        LineFault(
            range.start, reason: .timestampOutOfRange, field: "timestamp",
            "expected a time in the years 1970 to 2099 in \(precision.name), got \(excerpt(bytes, range)) "
                + "(check the parameter precision and the sender's clock)")
    }

    static func excerpt(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        range.isEmpty ? "nothing" : "\"\(Excerpt.text(bytes, range))\""
    }
}

extension Refusal {
    static func text(_ field: String, _ found: String) -> Refusal {
        Refusal(
            .unsupportedValue, field: field,
            "\(field): expected a number, true or false, got the text \(found); texts are not stored as samples.")
    }

    static func lineNumberOutOfRange(_ field: String, _ found: String) -> Refusal {
        Refusal(
            .numberOutOfRange, field: field,
            "\(field): expected a number that a 64-bit float, or with i or u a 64-bit integer, can hold, got \(found).")
    }
}

/// Tells where in a body offsets are that only grow, looking at each byte once.
struct LineCounter {
    private var offset = 0
    private var current = 1
    private var lineStart = 0

    /// From 1.
    mutating func line(_ bytes: Span<UInt8>, _ wanted: Int) -> Int {
        while offset < wanted {
            if bytes[offset] == ASCII.newline {
                current += 1
                lineStart = offset + 1
            }
            offset += 1
        }
        return current
    }

    /// Takes as long as the line is: to be asked for once a line.
    mutating func position(_ bytes: Span<UInt8>, _ wanted: Int) -> TextPosition {
        let line = line(bytes, wanted)
        var position = TextPosition(bytes.extracting(lineStart..<max(wanted, lineStart)), wanted - lineStart)
        position.line = line
        return position
    }
}
