import TelemetryModel

/// Reads a `LogRecord` of protobuf.
enum OTLPLogMessages {
    static func record(_ range: ByteRange, _ body: Span<UInt8>) throws(ProtobufError) -> OTLPLogRecord {
        var record = OTLPLogRecord(range)
        var attributes = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            switch key {
            case .fixed64(1): record.time = try fields.fixed64(body)
            case .fixed64(11): record.observedTime = try fields.fixed64(body)
            case .varint(2): record.severityNumber = try fields.varint(body)
            case .bytes(3): record.severityText = body.array(try fields.bytes(body))
            case .bytes(5): record.body = body.array(try fields.bytes(body))
            case .bytes(6):
                _ = try fields.bytes(body)
                attributes.add(start, fields.offset, body, to: &record.attributes)
            case .varint(7): record.droppedAttributes = try fields.varint(body)
            case .bytes(9): record.traceID = body.array(try fields.bytes(body))
            case .bytes(10): record.spanID = body.array(try fields.bytes(body))
            case .bytes(12): record.eventName = body.array(try fields.bytes(body))
            default: try fields.skip(key, body)
            }
        }
        attributes.end(body, to: &record.attributes)
        return record
    }
}

/// Reads a `LogRecord` of JSON.
enum OTLPLogObjects {
    /// - Parameter place: at the record, which takes up `range`.
    static func record(
        _ place: JSONCursor, _ range: ByteRange, _ body: Span<UInt8>
    ) throws(Refusal) -> OTLPLogRecord {
        var record = OTLPLogRecord(range)
        var cursor = place
        var field = "The record"
        do throws(JSONFault) {
            try cursor.fields(body) { (cursor, name) throws(JSONFault) in
                field = name
                try read(name, &cursor, body, &record)
            }
        } catch {
            throw Refusal(.wrongType, field: field, "\(field): \(error.what).")
        }
        return record
    }

    private static func read(
        _ name: String, _ cursor: inout JSONCursor, _ body: Span<UInt8>, _ record: inout OTLPLogRecord
    ) throws(JSONFault) {
        switch name {
        case "timeUnixNano": record.time = try cursor.integer(body)
        case "observedTimeUnixNano": record.observedTime = try cursor.integer(body)
        case "severityNumber": record.severityNumber = try cursor.integer(body)
        case "severityText": record.severityText = try cursor.string(body)
        case "body":
            var value = ProtobufWriter()
            try OTLPValueObjects.anyValue(&cursor, body, to: &value)
            record.body = value.bytes
        case "attributes":
            var list = ProtobufWriter()
            try OTLPValueObjects.attributes(&cursor, body, to: &list)
            record.attributes = list.bytes
        case "droppedAttributesCount": record.droppedAttributes = try cursor.integer(body)
        // In hexadecimal, other than protobuf's JSON form has bytes.
        case "traceId": record.traceID = try identifier(&cursor, body)
        case "spanId": record.spanID = try identifier(&cursor, body)
        case "eventName": record.eventName = try cursor.string(body)
        default: break
        }
    }

    private static func identifier(_ cursor: inout JSONCursor, _ body: Span<UInt8>) throws(JSONFault) -> [UInt8] {
        let place = cursor.offset
        let text = try cursor.string(body)
        guard text.count.isMultiple(of: 2), text.count <= 64 else {
            throw JSONFault(offset: place, what: "expected an identifier in hexadecimal, got \(text.count) characters")
        }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = ASCII.hexDigit(text[index]), let low = ASCII.hexDigit(text[index + 1]) else {
                throw JSONFault(offset: place, what: "expected an identifier in hexadecimal, got \(Excerpt.text(text))")
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// A refused record in a request of its own, which can be mended and sent again.
struct OTLPLogDeadLetter {
    let places: OTLPPlaces
    let record: ByteRange

    func payload(_ body: Span<UInt8>, _ encoding: OTLPEncoding) -> [UInt8] {
        switch encoding {
        case .protobuf:
            OTLPDeadLetter.protobuf(places, item: body.array(record), body)
        case .json:
            OTLPDeadLetter.json(
                places, OTLPLogDecoding.names, "[" + OTLPDeadLetter.text(record, body) + "]", body)
        }
    }
}
