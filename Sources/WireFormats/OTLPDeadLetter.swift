/// A refused point in a request of its own, which can be mended and sent again.
struct OTLPDeadLetter {
    let places: OTLPPlaces
    /// Nil if it is a resource without a point.
    let metric: OTLPMetric?
    let point: ByteRange

    func payload(_ body: Span<UInt8>, _ encoding: OTLPEncoding) -> [UInt8] {
        switch encoding {
        case .protobuf: protobuf(body)
        case .json: json(body)
        }
    }

    // MARK: Protobuf

    private func protobuf(_ body: Span<UInt8>) -> [UInt8] {
        guard let metric else { return OTLPDeadLetter.protobuf(places, item: nil, body) }
        var message = ProtobufWriter()
        OTLPDeadLetter.copy(places.name, body, as: 1, to: &message)
        OTLPDeadLetter.copy(places.description, body, as: 2, to: &message)
        OTLPDeadLetter.copy(places.unit, body, as: 3, to: &message)
        message.message(metric.kind.dataField) { data in
            data.bytes(1, body.array(point))
            if metric.temporality != .unspecified { data.varint(2, metric.temporality.rawValue) }
            if metric.kind == .counter { data.varint(3, 1) }
        }
        return OTLPDeadLetter.protobuf(places, item: message.bytes, body)
    }

    /// A request with one resource, and in it one scope with the one item.
    ///
    /// - Parameter item: a message; nil for a resource alone.
    static func protobuf(_ places: OTLPPlaces, item: [UInt8]?, _ body: Span<UInt8>) -> [UInt8] {
        var request = ProtobufWriter()
        request.message(1) { resource in
            copy(places.resource, body, as: 1, to: &resource)
            if let item {
                resource.message(2) { scope in
                    copy(places.scope, body, as: 1, to: &scope)
                    scope.bytes(2, item)
                    copy(places.scopeSchema, body, as: 3, to: &scope)
                }
            }
            copy(places.resourceSchema, body, as: 3, to: &resource)
        }
        return request.bytes
    }

    private static func copy(
        _ range: ByteRange, _ body: Span<UInt8>, as number: Int, to message: inout ProtobufWriter
    ) {
        if !range.isEmpty { message.bytes(number, body.array(range)) }
    }

    // MARK: JSON

    private func json(_ body: Span<UInt8>) -> [UInt8] {
        guard let metric else { return OTLPDeadLetter.json(places, OTLPDecoding.names, nil, body) }
        let points = "\"dataPoints\":[" + OTLPDeadLetter.text(point, body) + "]"
        let temporality =
            metric.temporality == .unspecified ? "" : ",\"aggregationTemporality\":\(metric.temporality.rawValue)"
        let data = points + temporality + (metric.kind == .counter ? ",\"isMonotonic\":true" : "")
        let fields = OTLPDeadLetter.object([
            ("name", OTLPDeadLetter.text(places.name, body)),
            ("description", OTLPDeadLetter.text(places.description, body)),
            ("unit", OTLPDeadLetter.text(places.unit, body)), (metric.kind.dataKey, "{" + data + "}"),
        ])
        return OTLPDeadLetter.json(places, OTLPDecoding.names, "[" + fields + "]", body)
    }

    /// - Parameter items: the list of the one item; nil for a resource alone.
    static func json(
        _ places: OTLPPlaces, _ names: (resources: String, scopes: String, items: String), _ items: String?,
        _ body: Span<UInt8>
    ) -> [UInt8] {
        let scope = items.map { items in
            object([
                ("scope", text(places.scope, body)), ("schemaUrl", text(places.scopeSchema, body)),
                (names.items, items),
            ])
        }
        let resource = object([
            ("resource", text(places.resource, body)), ("schemaUrl", text(places.resourceSchema, body)),
            (names.scopes, scope.map { "[" + $0 + "]" } ?? ""),
        ])
        return Array("{\"\(names.resources)\":[\(resource)]}".utf8)
    }

    static func text(_ range: ByteRange, _ body: Span<UInt8>) -> String {
        String(decoding: body.array(range), as: UTF8.self)
    }

    /// Without fields that have no value.
    private static func object(_ fields: [(key: String, value: String)]) -> String {
        "{" + fields.filter { !$0.value.isEmpty }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }
}

extension OTLPKind {
    /// The field of a `Metric` in which points of this kind stand.
    var dataField: Int {
        switch self {
        case .gauge, .targetInfo: 5
        case .upDownCounter, .counter: 7
        case .histogram: 9
        case .exponentialHistogram: 10
        case .summary: 11
        }
    }

    /// Its name in JSON.
    var dataKey: String {
        switch self {
        case .gauge, .targetInfo: "gauge"
        case .upDownCounter, .counter: "sum"
        case .histogram: "histogram"
        case .exponentialHistogram: "exponentialHistogram"
        case .summary: "summary"
        }
    }
}
