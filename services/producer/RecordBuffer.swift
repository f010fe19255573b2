/// Records of the data contract as NDJSON, written straight into bytes.
///
/// A record is `prefix`, which holds all that a series' records share, then the timestamp and the value:
///
///     {"source_id":"host-001","metric_name":"cpu_usage","tags":{…},"timestamp":" 2026-…Z ","metric_value": 41.25 }\n
///     └────────────────────────── RecordPrefix ─────────────────────────────────┘
package struct RecordBuffer: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    package mutating func reserveCapacity(_ bytes: Int) {
        self.bytes.reserveCapacity(bytes)
    }

    private static let betweenTimeAndValue = Array("\",\"metric_value\":".utf8)
    private static let beforeMessage = Array(",\"message\":".utf8)

    /// - Parameter scaledValue: the value times ten to the power of `decimals`.
    mutating func append(_ prefix: RecordPrefix, at time: TimestampText, scaledValue: Int64, decimals: Int) {
        bytes.append(contentsOf: prefix.bytes)
        bytes.append(contentsOf: time.bytes)
        bytes.append(contentsOf: RecordBuffer.betweenTimeAndValue)
        bytes.appendFixed(scaledValue, decimals: decimals)
        end()
    }

    /// - Parameter value: finite; written with as many digits as tell it apart from its neighbours.
    mutating func append(_ prefix: RecordPrefix, at time: TimestampText, value: Double, message: String?) {
        bytes.append(contentsOf: prefix.bytes)
        bytes.append(contentsOf: time.bytes)
        bytes.append(contentsOf: RecordBuffer.betweenTimeAndValue)
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            // Of the two zeros only the positive one passes through an integer unchanged.
            if whole == 0, value.sign == .minus { bytes.append(0x2D) }
            bytes.appendFixed(whole, decimals: 0)
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
        if let message {
            bytes.append(contentsOf: RecordBuffer.beforeMessage)
            bytes.appendJSONString(message)
        }
        end()
    }

    /// Takes back the last `number` records, or all if there are fewer.
    mutating func removeLast(_ number: Int) {
        guard number < count else { return removeAll() }
        for _ in 0..<number {
            bytes.removeLast()
            // Within a record every newline is escaped, so the nearest one ends the record before.
            while bytes.last != 0x0A { bytes.removeLast() }
            count -= 1
        }
    }

    private mutating func end() {
        bytes.append(0x7D)
        bytes.append(0x0A)
        count += 1
    }
}

/// What the records of one series have in common, ready to be copied.
struct RecordPrefix: Sendable {
    /// A tag's value as the contract allows it.
    enum TagValue: Hashable, Sendable {
        case text(String)
        /// A number or `true` or `false`, as JSON text.
        case literal(String)
    }

    let bytes: [UInt8]

    init(source: String, metric: String, severity: String? = nil, tags: [(name: String, value: TagValue)] = []) {
        var bytes = Array("{\"source_id\":".utf8)
        bytes.appendJSONString(source)
        bytes.append(contentsOf: ",\"metric_name\":".utf8)
        bytes.appendJSONString(metric)
        if let severity {
            bytes.append(contentsOf: ",\"severity\":".utf8)
            bytes.appendJSONString(severity)
        }
        for (index, tag) in tags.enumerated() {
            bytes.append(contentsOf: index == 0 ? ",\"tags\":{".utf8 : ",".utf8)
            bytes.appendJSONString(tag.name)
            bytes.append(0x3A)
            switch tag.value {
            case .text(let text): bytes.appendJSONString(text)
            case .literal(let text): bytes.append(contentsOf: text.utf8)
            }
        }
        if !tags.isEmpty { bytes.append(0x7D) }
        bytes.append(contentsOf: ",\"timestamp\":\"".utf8)
        self.bytes = bytes
    }
}

extension [UInt8] {
    /// RFC 8259, section 7: quotation mark, backslash and control characters are escaped.
    mutating func appendJSONString(_ text: String) {
        append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                append(0x5C)
                append(byte)
            case 0..<0x20:
                append(contentsOf: "\\u00".utf8)
                append(byte < 0x10 ? 0x30 : 0x31)
                append(byte & 15 < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15))
            default: append(byte)
            }
        }
        append(0x22)
    }

    /// `number` divided by ten to the power of `decimals`, with exactly that many digits after the point.
    mutating func appendFixed(_ number: Int64, decimals: Int) {
        if number < 0 { append(0x2D) }
        var digits = InlineArray<20, UInt8>(repeating: 0x30)
        var rest = number.magnitude
        var start = 20
        while rest > 0 {
            start -= 1
            digits[start] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        start = Swift.min(start, 19 - decimals)
        for index in start..<20 {
            if decimals > 0, index == 20 - decimals { append(0x2E) }
            append(digits[index])
        }
    }
}
