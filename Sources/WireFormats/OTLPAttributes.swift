import TelemetryModel

/// An attribute with its value as text.
struct OTLPAttribute: Equatable {
    let key: String
    let text: String
}

/// Reads lists of `KeyValue` (opentelemetry/proto/common/v1/common.proto).
///
/// A list is written here as fields of one message, one `KeyValue` a field, whatever the field's number: so attributes of
/// points of all kinds and of resources are in one form.
enum OTLPAttributes {
    /// Values may hold lists and maps so many levels deep.
    static let deepestNesting = 32

    static func read(_ range: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> [OTLPAttribute] {
        try read(range, bytes) { value in try text(value, bytes, depth: 0) }
    }

    /// The same, with values as JSON.
    static func readJSON(_ range: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> [OTLPAttribute] {
        try read(range, bytes) { value in
            var json = ""
            var value = try OTLPValue(value, bytes)
            try write(&value, bytes, depth: 0, to: &json)
            return json
        }
    }

    /// The text of a single value.
    static func text(_ value: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> String {
        try refusing { try text(value, bytes, depth: 0) }
    }

    private static func read(
        _ range: ByteRange, _ bytes: Span<UInt8>, _ text: (ByteRange) throws -> String
    ) throws(Refusal) -> [OTLPAttribute] {
        try refusing {
            var attributes: [OTLPAttribute] = []
            var fields = ProtobufFields(range)
            while !fields.isAtEnd {
                let field = try fields.key(bytes)
                guard field.isBytes else {
                    try fields.skip(field, bytes)
                    continue
                }
                let (name, value) = try ProtobufFields.pair(try fields.bytes(bytes), bytes)
                let key = try bytes.text(name)
                guard !key.isEmpty else { throw Refusal.empty("the key of an attribute") }
                attributes.append(OTLPAttribute(key: key, text: try text(value)))
            }
            return attributes
        }
    }

    private static func refusing<Result>(_ read: () throws -> Result) throws(Refusal) -> Result {
        do {
            return try read()
        } catch let error as ProtobufError {
            throw Refusal(.invalidMessage, error.description)
        } catch let error as Refusal {
            throw error
        } catch {
            throw Refusal(.invalidMessage, "The attributes cannot be read: \(error).")
        }
    }

    /// `AnyValue` as text: a string as it is, numbers and booleans as they read, bytes in base64, lists and maps as JSON
    /// (https://opentelemetry.io/docs/specs/otel/common/#anyvalue-representation-for-non-otlp-protocols).
    private static func text(_ range: ByteRange, _ bytes: Span<UInt8>, depth: Int) throws -> String {
        var value = try OTLPValue(range, bytes)
        switch value.kind {
        case .none: return ""
        case .string: return try bytes.text(value.range)
        case .bytes: return Base64.text(bytes, value.range)
        case .scalar(let text): return text
        case .list, .map:
            var json = ""
            try write(&value, bytes, depth: depth, to: &json)
            return json
        }
    }

    private static func write(
        _ value: inout OTLPValue, _ bytes: Span<UInt8>, depth: Int, to json: inout String
    ) throws {
        guard depth < deepestNesting else {
            throw Refusal(
                .nestingTooDeep,
                "Expected at most \(deepestNesting) levels of lists and maps in an attribute, got more.")
        }
        switch value.kind {
        case .none: json += "null"
        case .string: json.appendJSON(try bytes.text(value.range))
        case .bytes: json.appendJSON(Base64.text(bytes, value.range))
        case .scalar(let text):
            // JSON has no literals for numbers that are not finite.
            if text.hasSuffix("NaN") || text.hasSuffix("Infinity") { json.appendJSON(text) } else { json += text }
        case .list:
            json += "["
            var isFirst = true
            for element in try elements(value.range, bytes) {
                if !isFirst { json += "," }
                isFirst = false
                var inner = try OTLPValue(element, bytes)
                try write(&inner, bytes, depth: depth + 1, to: &json)
            }
            json += "]"
        case .map:
            var entries: [(key: String, value: ByteRange)] = []
            for element in try elements(value.range, bytes) {
                let (key, value) = try ProtobufFields.pair(element, bytes)
                entries.append((try bytes.text(key), value))
            }
            entries.sort { $0.key.isOrderedBeforeByBytes($1.key) }
            json += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { json += "," }
                json.appendJSON(entry.key)
                json += ":"
                var inner = try OTLPValue(entry.value, bytes)
                try write(&inner, bytes, depth: depth + 1, to: &json)
            }
            json += "}"
        }
    }

    /// The fields 1 of an `ArrayValue` or a `KeyValueList`.
    private static func elements(_ range: ByteRange, _ bytes: Span<UInt8>) throws(ProtobufError) -> [ByteRange] {
        var elements: [ByteRange] = []
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            if key == .bytes(1) { elements.append(try fields.bytes(bytes)) } else { try fields.skip(key, bytes) }
        }
        return elements
    }
}

/// An `AnyValue`.
private struct OTLPValue {
    enum Kind {
        case none
        case string
        /// A boolean or a number, as text.
        case scalar(String)
        case bytes
        case list
        case map
    }

    var kind = Kind.none
    var range = ByteRange.absent

    init(_ message: ByteRange, _ bytes: Span<UInt8>) throws(ProtobufError) {
        var fields = ProtobufFields(message)
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            switch key {
            case .bytes(1): (kind, range) = (.string, try fields.bytes(bytes))
            case .varint(2): kind = .scalar(try fields.varint(bytes) == 0 ? "false" : "true")
            case .varint(3): kind = .scalar(String(try fields.signed(bytes)))
            case .fixed64(4): kind = .scalar(DecimalText.short(try fields.double(bytes)))
            case .bytes(5): (kind, range) = (.list, try fields.bytes(bytes))
            case .bytes(6): (kind, range) = (.map, try fields.bytes(bytes))
            case .bytes(7): (kind, range) = (.bytes, try fields.bytes(bytes))
            default: try fields.skip(key, bytes)
            }
        }
    }
}

extension ProtobufFields.Key {
    /// Whether what follows is a length and so many bytes.
    var isBytes: Bool { rawValue & 7 == 2 }
}
