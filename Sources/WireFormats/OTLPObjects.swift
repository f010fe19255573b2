/// Reads an `Export…ServiceRequest` in OTLP's JSON form (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding):
/// names in lowerCamelCase, integers of 64 bits as strings or numbers, unknown fields passed over.
enum OTLPObjects {
    /// A request has 16 levels, and each level of lists in an attribute three more.
    static let deepestNesting = 128

    static func read<Decoding: OTLPItemDecoding>(
        _ body: Span<UInt8>, into decoding: inout Decoding
    ) throws(JSONFault) {
        let finding = try JSONSyntax.scan(body)
        if let place = finding.badText {
            throw JSONFault(
                offset: place, what: "expected text in UTF-8, got malformed UTF-8 or half of a surrogate pair")
        }
        guard finding.depth <= deepestNesting else {
            throw JSONFault(
                offset: 0, what: "expected at most \(deepestNesting) levels of objects and arrays, got \(finding.depth)"
            )
        }
        let rest = body.skippingSpace(finding.end)
        guard rest == body.count else {
            throw JSONFault(
                offset: rest, what: "expected the end of the body, got \(JSONSyntax.description(body, rest))")
        }
        var cursor = JSONCursor(at: 0)
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            guard name == Decoding.names.resources else { return }
            try cursor.elements(body) { (cursor) throws(JSONFault) in try readResource(&cursor, body, &decoding) }
        }
    }

    /// `ResourceMetrics`, `ResourceLogs`
    private static func readResource<Decoding: OTLPItemDecoding>(
        _ cursor: inout JSONCursor, _ body: Span<UInt8>, _ decoding: inout Decoding
    ) throws(JSONFault) {
        var places = OTLPPlaces()
        var attributes = ProtobufWriter()
        var scopes: JSONCursor?
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            switch name {
            case "resource":
                var inner = cursor
                places.resource = try cursor.skip(body)
                try inner.fields(body) { (cursor, name) throws(JSONFault) in
                    if name == "attributes" { try OTLPValueObjects.attributes(&cursor, body, to: &attributes) }
                }
            case "schemaUrl": places.resourceSchema = try cursor.skip(body)
            case _ where name == Decoding.names.scopes: scopes = cursor
            default: break
            }
        }
        guard !decoding.isOverfull else { return }
        decoding.begin(resource: attributes.bytes, places)
        guard var scopes else { return }
        try scopes.elements(body) { (cursor) throws(JSONFault) in try readScope(&cursor, places, body, &decoding) }
    }

    /// `ScopeMetrics`, `ScopeLogs`
    private static func readScope<Decoding: OTLPItemDecoding>(
        _ cursor: inout JSONCursor, _ places: OTLPPlaces, _ body: Span<UInt8>, _ decoding: inout Decoding
    ) throws(JSONFault) {
        var places = places
        var (scope, schema) = (JSONCursor?.none, [UInt8]())
        var items: JSONCursor?
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            switch name {
            case "scope":
                scope = cursor
                places.scope = try cursor.skip(body)
            case "schemaUrl":
                var inner = cursor
                places.scopeSchema = try cursor.skip(body)
                schema = try inner.string(body)
            case _ where name == Decoding.names.items: items = cursor
            default: break
            }
        }
        decoding.begin(scope: decoding.wantsScope ? try scopeAttributes(scope, schema, body) : nil)
        guard var items else { return }
        try items.elements(body) { (cursor) throws(JSONFault) in
            try decoding.read(object: &cursor, places, body)
        }
    }

    /// `InstrumentationScope`, its fields as attributes.
    private static func scopeAttributes(
        _ scope: JSONCursor?, _ schema: [UInt8], _ body: Span<UInt8>
    ) throws(JSONFault) -> [UInt8] {
        var (name, version) = ([UInt8](), [UInt8]())
        var attributes = ProtobufWriter()
        if var scope {
            try scope.fields(body) { (cursor, field) throws(JSONFault) in
                switch field {
                case "name": name = try cursor.string(body)
                case "version": version = try cursor.string(body)
                case "attributes": try OTLPValueObjects.attributes(&cursor, body, to: &attributes)
                default: break
                }
            }
        }
        var list = ProtobufWriter()
        for (key, text) in [("name", name), ("version", version), ("schema_url", schema)] {
            list.attribute(key, string: text)
        }
        return list.bytes + attributes.bytes
    }

    /// `Metric`
    static func readMetric(
        _ cursor: inout JSONCursor, _ places: OTLPPlaces, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(JSONFault) {
        var metric = OTLPMetric(places: places)
        var data: JSONCursor?
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            var value = cursor
            switch name {
            case "name":
                metric.places.name = try cursor.skip(body)
                metric.name = try value.string(body)
            case "description":
                metric.places.description = try cursor.skip(body)
                metric.description = (try? value.string(body)) ?? []
            case "unit":
                metric.places.unit = try cursor.skip(body)
                metric.unit = try value.string(body)
            case "gauge": (metric.kind, data) = (.gauge, value)
            case "sum": (metric.kind, data) = (.upDownCounter, value)
            case "histogram": (metric.kind, data) = (.histogram, value)
            case "exponentialHistogram": (metric.kind, data) = (.exponentialHistogram, value)
            case "summary": (metric.kind, data) = (.summary, value)
            default: break
            }
        }
        guard var data else { return }
        var points: JSONCursor?
        try data.fields(body) { (cursor, name) throws(JSONFault) in
            switch name {
            case "dataPoints": points = cursor
            case "aggregationTemporality": metric.temporality = try temporality(&cursor, body)
            case "isMonotonic":
                let isMonotonic = try cursor.boolean(body)
                if metric.kind == .upDownCounter, isMonotonic { metric.kind = .counter }
            default: break
            }
        }
        if metric.kind == .gauge || metric.kind == .summary { metric.temporality = .unspecified }
        guard var points else { return }
        decoding.begin(metric)
        try points.elements(body) { (cursor) throws(JSONFault) in
            let place = cursor
            let range = try cursor.skip(body)
            guard !decoding.isOverfull else { return }
            OTLPPointObjects.read(place, range, metric.kind, body, &decoding)
        }
    }

    /// As a number; names, which protobuf's JSON form has as well, are understood.
    private static func temporality(_ cursor: inout JSONCursor, _ body: Span<UInt8>) throws(JSONFault)
        -> OTLPTemporality
    {
        var name = cursor
        if body[body.skippingSpace(cursor.offset)] == ASCII.quote {
            switch String(decoding: try name.string(body), as: UTF8.self) {
            case "AGGREGATION_TEMPORALITY_DELTA": return .delta
            case "AGGREGATION_TEMPORALITY_CUMULATIVE": return .cumulative
            default: break
            }
        }
        return OTLPTemporality(rawValue: try cursor.integer(body, UInt64.self)) ?? .unspecified
    }
}

/// Attributes of JSON in the form that those of protobuf have.
enum OTLPValueObjects {
    /// An array of `KeyValue`; appends them as fields 1.
    static func attributes(
        _ cursor: inout JSONCursor, _ body: Span<UInt8>, to list: inout ProtobufWriter
    ) throws(JSONFault) {
        try cursor.elements(body) { (cursor) throws(JSONFault) in
            try list.message(1) { (pair) throws(JSONFault) in
                try cursor.fields(body) { (cursor, name) throws(JSONFault) in
                    switch name {
                    case "key": pair.bytes(1, try cursor.string(body))
                    case "value":
                        try pair.message(2) { (value) throws(JSONFault) in try anyValue(&cursor, body, to: &value) }
                    default: break
                    }
                }
            }
        }
    }

    /// `AnyValue`; appends its fields.
    static func anyValue(
        _ cursor: inout JSONCursor, _ body: Span<UInt8>, to value: inout ProtobufWriter
    ) throws(JSONFault) {
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            let place = cursor.offset
            switch name {
            case "stringValue": value.bytes(1, try cursor.string(body))
            case "boolValue": value.varint(2, try cursor.boolean(body) ? 1 : 0)
            case "intValue": value.int64(3, try cursor.integer(body))
            case "doubleValue": value.double(4, try cursor.double(body))
            case "arrayValue":
                try value.message(5) { (list) throws(JSONFault) in
                    try values(&cursor, body) { (cursor) throws(JSONFault) in
                        try cursor.elements(body) { (cursor) throws(JSONFault) in
                            try list.message(1) { (inner) throws(JSONFault) in try anyValue(&cursor, body, to: &inner) }
                        }
                    }
                }
            case "kvlistValue":
                try value.message(6) { (list) throws(JSONFault) in
                    try values(&cursor, body) { (cursor) throws(JSONFault) in
                        try attributes(&cursor, body, to: &list)
                    }
                }
            case "bytesValue":
                guard let bytes = Base64.bytes(try cursor.string(body)) else {
                    throw JSONFault(offset: place, what: "expected bytes in base64, got another text")
                }
                value.bytes(7, bytes)
            default: break
            }
        }
    }

    /// The field `values` of an `ArrayValue` or a `KeyValueList`.
    private static func values(
        _ cursor: inout JSONCursor, _ body: Span<UInt8>, _ read: (inout JSONCursor) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            if name == "values" { try read(&cursor) }
        }
    }
}
