import TelemetryModel

/// An exemplar of a point, however it is encoded (`Exemplar` in opentelemetry/proto/metrics/v1/metrics.proto).
struct OTLPExemplar {
    /// Nanoseconds since 1970-01-01T00:00:00Z; 0 if there is none.
    var time: UInt64 = 0
    var value: Double?
    /// In lower-case hexadecimal digits; empty for none.
    var traceID = ""
    var spanID = ""
    /// Those attributes that the point has not.
    var attributes: [OTLPAttribute] = []

    /// The labels as Prometheus has them: identifiers, and attributes where all of them fit. Nil if there is something wrong.
    private var labels: LabelSet? {
        let own = [("trace_id", traceID), ("span_id", spanID)].filter { !$0.1.isEmpty }.map { Label($0.0, $0.1) }
        let others = (try? OTLPLabels.merged(attributes)).map { labels in
            labels.filter { label in !own.contains { $0.name == label.name } }
        }
        guard let others else { return nil }
        let limit = ExemplarLabels.characters
        return ExemplarLabels.checked(own + others, characters: limit)
            ?? ExemplarLabels.checked(own, characters: limit)
    }

    /// - Parameter pointTime: milliseconds, for one without a time of its own.
    func exemplar(pointTime: Int64) -> Exemplar? {
        guard let value else { return nil }
        return Exemplar(
            checked: labels, value: value,
            timestamp: time == 0 ? pointTime : Int64(truncatingIfNeeded: time / 1_000_000))
    }

    /// An identifier as text; empty for one of zeros only, which is none.
    fileprivate static func hexadecimal(_ bytes: [UInt8]) -> String {
        guard bytes.contains(where: { $0 != 0 }) else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Longer identifiers are not those of traces and spans, which have 16 and 8 bytes.
    fileprivate static let longestIdentifier = 32
}

// MARK: Protobuf

extension OTLPExemplar {
    /// Nil if the message cannot be read.
    init?(message range: ByteRange, _ body: Span<UInt8>) {
        var list: [UInt8] = []
        var run = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        do {
            while !fields.isAtEnd {
                let start = fields.offset
                let key = try fields.key(body)
                switch key {
                case .fixed64(2): time = try fields.fixed64(body)
                case .fixed64(3): value = try fields.double(body)
                case .bytes(4): spanID = try Self.identifier(try fields.bytes(body), body)
                case .bytes(5): traceID = try Self.identifier(try fields.bytes(body), body)
                case .fixed64(6): value = Double(Int64(bitPattern: try fields.fixed64(body)))
                case .bytes(7):
                    _ = try fields.bytes(body)
                    run.add(start, fields.offset, body, to: &list)
                default: try fields.skip(key, body)
                }
            }
            run.end(body, to: &list)
            attributes = try OTLPAttributes.read(ByteRange(start: 0, end: list.count), list.span)
        } catch {
            return nil
        }
    }

    private static func identifier(_ range: ByteRange, _ body: Span<UInt8>) throws(ProtobufError) -> String {
        guard range.count <= longestIdentifier else {
            throw ProtobufError(offset: range.start, reason: "expected an identifier of a trace or a span")
        }
        return hexadecimal(body.array(range))
    }
}

// MARK: JSON

extension OTLPExemplar {
    /// Nil if the object, which is JSON, is not as it should be.
    init?(object cursor: JSONCursor, _ body: Span<UInt8>) {
        var cursor = cursor
        var exemplar = OTLPExemplar()
        var list = ProtobufWriter()
        do {
            try cursor.fields(body) { (cursor, name) throws(JSONFault) in
                switch name {
                case "timeUnixNano": exemplar.time = try cursor.integer(body)
                case "asDouble": exemplar.value = try cursor.double(body)
                case "asInt": exemplar.value = Double(try cursor.integer(body, Int64.self))
                case "traceId": exemplar.traceID = try Self.identifier(&cursor, body)
                case "spanId": exemplar.spanID = try Self.identifier(&cursor, body)
                case "filteredAttributes": try OTLPValueObjects.attributes(&cursor, body, to: &list)
                default: break
                }
            }
            exemplar.attributes = try OTLPAttributes.read(ByteRange(start: 0, end: list.bytes.count), list.bytes.span)
        } catch {
            return nil
        }
        self = exemplar
    }

    /// Hexadecimal in either case (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
    private static func identifier(_ cursor: inout JSONCursor, _ body: Span<UInt8>) throws(JSONFault) -> String {
        let place = cursor.offset
        let digits = try cursor.string(body)
        guard digits.count <= 2 * longestIdentifier, digits.allSatisfy({ ASCII.hexDigit($0) != nil }) else {
            throw JSONFault(offset: place, what: "expected an identifier in hexadecimal digits, got another text")
        }
        guard digits.contains(where: { $0 != ASCII.zero }) else { return "" }
        return String(decoding: digits, as: UTF8.self).lowercased()
    }
}
