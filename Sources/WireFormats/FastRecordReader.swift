/// Reads records of the usual form in one pass, and gives up at the first thing out of the ordinary.
///
/// To give up is not to refuse: `RecordExamination` then looks at the record again, slowly and exactly. What the
/// reader accepts, it has checked, except for what depends on the series' own bytes alone (source, metric name,
/// severity, tags): the series look-up compares those with bytes that were checked when the series was first seen.
struct FastRecordReader {
    let receivedAt: Int64
    /// Whether a newline ends the record, so that none may stand inside it.
    let recordsAreLines: Bool
    private var clock = ContractTimestamp()

    init(receivedAt: Int64, recordsAreLines: Bool) {
        self.receivedAt = receivedAt
        self.recordsAreLines = recordsAreLines
    }

    /// Reads the record whose opening brace is at `start`. Nil means: look again, slowly.
    @inline(__always)
    mutating func read(_ bytes: Span<UInt8>, at start: Int) -> RecordFields? {
        var fields = RecordFields(record: ByteRange(start: start, end: start), timestamp: receivedAt)
        var seen: UInt8 = 0
        var index = start &+ 1
        while true {
            index = bytes.skippingSpace(index, inLine: recordsAreLines)
            // The shortest entry (`"tags":{}`) is nine bytes long, and a brace follows it.
            guard index &+ 10 <= bytes.count, bytes[index] == ASCII.quote,
                let (field, keyEnd) = key(bytes, at: index &+ 1), seen & field.bit == 0
            else { return nil }
            seen |= field.bit
            index = keyEnd
            if index < bytes.count, bytes[index] != ASCII.colon { index = skip(bytes, index) }
            guard index < bytes.count, bytes[index] == ASCII.colon else { return nil }
            index = skip(bytes, index &+ 1)
            guard index < bytes.count, let end = value(bytes, at: index, of: field, into: &fields) else { return nil }
            index = skip(bytes, end)
            guard index < bytes.count else { return nil }
            if bytes[index] == ASCII.comma {
                index &+= 1
            } else if bytes[index] == ASCII.closeBrace {
                break
            } else {
                return nil
            }
        }
        let required = ContractField.sourceID.bit | ContractField.metricName.bit | ContractField.metricValue.bit
        guard seen & required == required else { return nil }
        fields.record.end = index &+ 1
        return fields
    }

    @inline(__always)
    private func skip(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        bytes.skippingSpace(index, inLine: recordsAreLines)
    }

    /// The known field whose name starts at `offset` (eight bytes are there), and the offset after its closing quote.
    @inline(__always)
    private func key(_ bytes: Span<UInt8>, at offset: Int) -> (ContractField, Int)? {
        let head = bytes.word(at: offset)
        switch head {
        case Self.timestamp:
            return ends(bytes, offset &+ 8, "p") ? (.timestamp, offset &+ 10) : nil
        case Self.sourceID:
            return ends(bytes, offset &+ 8, "d") ? (.sourceID, offset &+ 10) : nil
        case Self.severity:
            return offset &+ 8 < bytes.count && bytes[offset &+ 8] == ASCII.quote ? (.severity, offset &+ 9) : nil
        case Self.message:
            return (.message, offset &+ 8)
        case Self.metricName where offset &+ 12 <= bytes.count:
            return bytes.word(at: offset &+ 4) == Self.metricNameEnd ? (.metricName, offset &+ 12) : nil
        case Self.metricValue where offset &+ 13 <= bytes.count:
            return bytes.word(at: offset &+ 5) == Self.metricValueEnd ? (.metricValue, offset &+ 13) : nil
        default:
            return head & 0xFF_FFFF_FFFF == Self.tags ? (.tags, offset &+ 5) : nil
        }
    }

    @inline(__always)
    private func ends(_ bytes: Span<UInt8>, _ offset: Int, _ last: Unicode.Scalar) -> Bool {
        offset &+ 1 < bytes.count && bytes[offset] == UInt8(ascii: last) && bytes[offset &+ 1] == ASCII.quote
    }

    /// Reads the value at `index` and gives the offset after it.
    @inline(__always)
    private mutating func value(
        _ bytes: Span<UInt8>, at index: Int, of field: ContractField, into fields: inout RecordFields
    ) -> Int? {
        switch field {
        case .timestamp:
            return timestamp(bytes, at: index, into: &fields)
        case .metricValue:
            guard case .number(let value, let end) = JSONNumber.read(bytes, at: index, limit: bytes.count) else {
                return nil
            }
            fields.value = value
            return end
        case .sourceID:
            guard bytes[index] == ASCII.quote, let quote = bytes.closingQuote(index &+ 1) else { return nil }
            fields.sourceID = ByteRange(start: index &+ 1, end: quote)
            return quote &+ 1
        case .metricName:
            guard bytes[index] == ASCII.quote, let quote = bytes.closingQuote(index &+ 1) else { return nil }
            fields.metricName = ByteRange(start: index &+ 1, end: quote)
            return quote &+ 1
        case .severity:
            guard bytes[index] == ASCII.quote, let quote = bytes.closingQuote(index &+ 1), quote > index &+ 1
            else { return nil }
            fields.severity = ByteRange(start: index &+ 1, end: quote)
            return quote &+ 1
        case .tags:
            guard bytes[index] == ASCII.openBrace, let end = tagsEnd(bytes, at: index) else { return nil }
            fields.tags = ByteRange(start: index, end: end)
            return end
        case .message:
            guard bytes[index] == ASCII.quote, let quote = bytes.closingQuote(index &+ 1) else { return nil }
            fields.message = ByteRange(start: index &+ 1, end: quote)
            return checkMessage(bytes, into: &fields) ? quote &+ 1 : nil
        }
    }

    @inline(__always)
    private mutating func timestamp(_ bytes: Span<UInt8>, at index: Int, into fields: inout RecordFields) -> Int? {
        if bytes[index] == ASCII.quote {
            if let (milliseconds, quote) = clock.readCommon(bytes, at: index &+ 1) {
                fields.timestamp = milliseconds
                return quote &+ 1
            }
            guard let quote = bytes.closingQuote(index &+ 1),
                case .milliseconds(let milliseconds) = ContractTimestamp.read(
                    bytes, ByteRange(start: index &+ 1, end: quote))
            else { return nil }
            fields.timestamp = milliseconds
            return quote &+ 1
        }
        guard case .number(let number, let end) = JSONNumber.read(bytes, at: index, limit: bytes.count),
            case .milliseconds(let milliseconds) = ContractTimestamp.milliseconds(number)
        else { return nil }
        fields.timestamp = milliseconds
        return end
    }

    /// The offset after the tags' closing brace. Tags do not nest; strings are stepped over, the rest is not looked at.
    @inline(__always)
    private func tagsEnd(_ bytes: Span<UInt8>, at offset: Int) -> Int? {
        var index = offset &+ 1
        while index < bytes.count {
            switch bytes[index] {
            case ASCII.quote:
                guard let quote = bytes.closingQuote(index &+ 1) else { return nil }
                index = quote &+ 1
            case ASCII.closeBrace:
                return index &+ 1
            case ASCII.openBrace, ASCII.openBracket:
                return nil
            case ASCII.newline where recordsAreLines:
                return nil
            default:
                index &+= 1
            }
        }
        return nil
    }

    @inline(__always)
    private func checkMessage(_ bytes: Span<UInt8>, into fields: inout RecordFields) -> Bool {
        guard !fields.message.isEmpty else { return false }
        fields.messageIsPlain = bytes.isPlainASCII(fields.message)
        let length =
            fields.messageIsPlain
            ? fields.message.count : UnicodeText.codePointCount(bytes, fields.message) ?? .max
        return length <= RecordExamination.longestMessage
    }

    // Field names, eight bytes at a time, the first byte lowest. Computed, for a stored global would be checked for its
    // initialization at each use.
    /// `timestam`
    @inline(__always) private static var timestamp: UInt64 { 0x6D61_7473_656D_6974 }
    /// `source_i`
    @inline(__always) private static var sourceID: UInt64 { 0x695F_6563_7275_6F73 }
    /// `severity`
    @inline(__always) private static var severity: UInt64 { 0x7974_6972_6576_6573 }
    /// `message"`
    @inline(__always) private static var message: UInt64 { 0x2265_6761_7373_656D }
    /// `metric_n`
    @inline(__always) private static var metricName: UInt64 { 0x6E5F_6369_7274_656D }
    /// `ic_name"`
    @inline(__always) private static var metricNameEnd: UInt64 { 0x2265_6D61_6E5F_6369 }
    /// `metric_v`
    @inline(__always) private static var metricValue: UInt64 { 0x765F_6369_7274_656D }
    /// `c_value"`
    @inline(__always) private static var metricValueEnd: UInt64 { 0x2265_756C_6176_5F63 }
    /// `tags"`
    @inline(__always) private static var tags: UInt64 { 0x0000_0022_7367_6174 }
}
