package import TelemetryModel

/// Why a stored sample has no record in the data contract.
package enum ContractGap: String, CaseIterable, Error {
    /// The series has no `source_id`: it was made by a rule, or came in another protocol.
    case noSource = "no_source_id"
    /// A name, value or severity that the contract does not take.
    case labels
    /// NaN or an infinity, which JSON does not have.
    case nonFinite = "non_finite"
    /// A native histogram: a record has a number.
    case histogram
    /// Prometheus' marker for the end of a series.
    case staleMarker = "stale_marker"
    /// Before 1970 or after 2099.
    case time
}

/// Writes the samples of one series as records of the data contract (docs/data-contract.md), which the decoder reads back as
/// the same samples of the same series, bit for bit.
package struct ContractRecordWriter: Sendable {
    package enum Format: String, CaseIterable, Sendable {
        /// A JSON object a line.
        case ndjson
        /// RFC 4180, with `header` as the first line; the tags are a JSON object.
        case csv
    }

    /// The line above the records.
    package static func header(_ format: Format) -> [UInt8] {
        switch format {
        case .ndjson: []
        case .csv: Array("timestamp,source_id,metric_name,metric_value,severity,tags\r\n".utf8)
        }
    }

    // A record is: beginning, time, middle, value, end.
    private let beginning: [UInt8]
    private let middle: [UInt8]
    private let end: [UInt8]
    private var time = ContractTimestampText()

    /// - Throws: why the contract has no record for any sample of the series.
    package init(_ labels: LabelSet, format: Format) throws(ContractGap) {
        guard let source = labels["source_id"] else { throw .noSource }
        guard let metric = labels.metricName, Self.isText(source, upTo: 256), Self.isText(metric, upTo: 256) else {
            throw .labels
        }
        let severity = labels[Severity.labelName]
        let tags = labels.labels.filter {
            $0.name != LabelSet.metricNameLabel && $0.name != "source_id" && $0.name != Severity.labelName
        }
        let areTagsGood = tags.allSatisfy {
            !$0.name.hasPrefix("__") && Self.isText($0.name, upTo: 128) && Self.isText($0.value, upTo: 1024)
        }
        guard areTagsGood, tags.count <= 64, severity.map({ Severity(rawValue: $0) != nil }) ?? true else {
            throw .labels
        }
        switch format {
        case .ndjson:
            beginning = Array(#"{"timestamp":""#.utf8)
            middle =
                Array(#"","source_id":"#.utf8) + Self.json(source) + Array(#","metric_name":"#.utf8) + Self.json(metric)
                + Array(#","metric_value":"#.utf8)
            end =
                (severity.map { Array(#","severity":"\#($0)""#.utf8) } ?? [])
                + (tags.isEmpty ? [] : Array(#","tags":"#.utf8) + Self.json(tags)) + Array("}\n".utf8)
        case .csv:
            beginning = []
            middle =
                Array(",".utf8) + Self.csv(Array(source.utf8)) + Array(",".utf8) + Self.csv(Array(metric.utf8))
                + Array(",".utf8)
            end =
                Array(",\(severity ?? ""),".utf8) + (tags.isEmpty ? [] : Self.csv(Self.json(tags))) + Array("\r\n".utf8)
        }
    }

    /// Appends a record.
    ///
    /// - Parameters:
    ///   - timestamp: milliseconds since 1970-01-01T00:00:00Z.
    ///   - message: in NDJSON only.
    /// - Returns: nil, or why there is none; nothing was appended then.
    package mutating func append(
        timestamp: Int64, value: Double, message: String? = nil, to out: inout [UInt8]
    ) -> ContractGap? {
        guard value.isFinite else { return value.isStaleMarker ? .staleMarker : .nonFinite }
        guard (0...ContractTimestamp.latest).contains(timestamp) else { return .time }
        out += beginning
        time.append(timestamp, to: &out)
        out += middle
        Self.append(value, to: &out)
        if let message { out += Array(#","message":"#.utf8) + Self.json(message) }
        out += end
        return nil
    }

    /// The shortest digits that read back as the same number.
    private static func append(_ value: Double, to out: inout [UInt8]) {
        // Of the two zeros only the positive one passes through an integer unchanged.
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53, whole != 0 || value.sign == .plus {
            out += String(whole).utf8
        } else {
            out += value.description.utf8
        }
    }

    /// 1 to `limit` code points, none of them a control character.
    private static func isText(_ text: String, upTo limit: Int) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            && (text.utf8.count <= limit || text.unicodeScalars.count <= limit)
    }

    private static func json(_ tags: [Label]) -> [UInt8] {
        var out = Array("{".utf8)
        for (index, tag) in tags.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += json(tag.name)
            out.append(UInt8(ascii: ":"))
            out += json(tag.value)
        }
        out.append(UInt8(ascii: "}"))
        return out
    }

    /// RFC 8259, section 7.
    private static func json(_ text: String) -> [UInt8] {
        var out: [UInt8] = [ASCII.quote]
        for byte in text.utf8 {
            if byte < 0x20 {
                out += "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8
                continue
            }
            if byte == ASCII.quote || byte == UInt8(ascii: "\\") { out.append(UInt8(ascii: "\\")) }
            out.append(byte)
        }
        out.append(ASCII.quote)
        return out
    }

    /// RFC 4180, section 2: a field with a comma, a quotation mark or a line break is quoted, its quotation marks doubled. A
    /// field with spaces at its ends too, which some readers would take away.
    private static func csv(_ field: [UInt8]) -> [UInt8] {
        let isPlain =
            !field.contains { $0 == UInt8(ascii: ",") || $0 == ASCII.quote } && field.first != ASCII.space
            && field.last != ASCII.space
        if isPlain { return field }
        var out: [UInt8] = [ASCII.quote]
        for byte in field {
            if byte == ASCII.quote { out.append(byte) }
            out.append(byte)
        }
        out.append(ASCII.quote)
        return out
    }
}
