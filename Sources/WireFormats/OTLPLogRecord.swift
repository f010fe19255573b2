import TelemetryModel

/// A `LogRecord` (opentelemetry/proto/logs/v1/logs.proto), however it was encoded.
struct OTLPLogRecord {
    /// Where it stands in the request.
    let range: ByteRange
    /// Nanoseconds since 1970-01-01T00:00:00Z; 0 if there is none.
    var time: UInt64 = 0
    /// When the collector saw it, likewise.
    var observedTime: UInt64 = 0
    var severityNumber: UInt64 = 0
    var severityText: [UInt8] = []
    /// An `AnyValue` in protobuf.
    var body: [UInt8] = []
    /// A list in the form that `OTLPAttributes` reads.
    var attributes: [UInt8] = []
    var droppedAttributes: UInt64 = 0
    var traceID: [UInt8] = []
    var spanID: [UInt8] = []
    var eventName: [UInt8] = []

    init(_ range: ByteRange) { self.range = range }

    /// Milliseconds; that of arrival if the record has no time.
    func timestamp(receivedAt: Int64) throws(Refusal) -> Int64 {
        let nanoseconds = time > 0 ? time : observedTime
        guard nanoseconds > 0 else { return receivedAt }
        guard nanoseconds / 1_000_000 <= UInt64(ContractTimestamp.latest) else { throw .timeOutOfRange(nanoseconds) }
        return Int64(nanoseconds / 1_000_000)
    }

    /// By number (https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber), or by a usual word.
    func severity(_ text: String) -> Severity? {
        switch severityNumber {
        case 1...8: .debug
        case 9...12: .info
        case 13...16: .warning
        case 17...20: .error
        case 21...24: .critical
        default: OTLPLogRecord.severity(word: text)
        }
    }

    static func severity(word: String) -> Severity? {
        switch word.lowercased() {
        case "trace", "verbose", "debug": .debug
        case "info", "information", "notice": .info
        case "warn", "warning": .warning
        case "error", "err", "severe": .error
        case "critical", "crit", "fatal", "alert", "emerg", "emergency", "panic": .critical
        default: nil
        }
    }
}

/// A record's text: its body and, behind it, as JSON what is in no label.
struct OTLPLogMessage {
    /// Bytes of UTF-8.
    static let longest = 65_536

    private var fields: [OTLPAttribute] = []

    /// - Parameter json: the value.
    mutating func add(_ key: String, json: String) { fields.append(OTLPAttribute(key: key, text: json)) }

    mutating func add(_ key: String, text: String) {
        guard !text.isEmpty else { return }
        var json = ""
        json.appendJSON(text)
        add(key, json: json)
    }

    /// Nil if there is nothing to say. A text that is too long is cut, and says so.
    func text(_ body: String) -> String? {
        var text = body
        if !fields.isEmpty {
            if !text.isEmpty { text += " " }
            text += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { text += "," }
                text.appendJSON(field.key)
                text += ":" + field.text
            }
            text += "}"
        }
        let count = text.utf8.count
        guard count > OTLPLogMessage.longest else { return text.isEmpty ? nil : text }
        return text.cut(toBytes: OTLPLogMessage.longest) + "… [cut: \(count) bytes]"
    }
}
