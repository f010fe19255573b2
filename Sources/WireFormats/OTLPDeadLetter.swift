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
        func copy(_ range: ByteRange, as number: Int, to message: inout ProtobufWriter) {
            if !range.isEmpty { message.bytes(number, body.array(range)) }
        }
        var request = ProtobufWriter()
        request.message(1) { resource in
            copy(places.resource, as: 1, to: &resource)
            if let metric {
                resource.message(2) { scope in
                    copy(places.scope, as: 1, to: &scope)
                    scope.message(2) { message in
                        copy(places.name, as: 1, to: &message)
                        copy(places.description, as: 2, to: &message)
                        copy(places.unit, as: 3, to: &message)
                        message.message(metric.kind.dataField) { data in
                            data.bytes(1, body.array(point))
                            if metric.temporality != .unspecified { data.varint(2, metric.temporality.rawValue) }
                            if metric.kind == .counter { data.varint(3, 1) }
                        }
                    }
                    copy(places.scopeSchema, as: 3, to: &scope)
                }
            }
            copy(places.resourceSchema, as: 3, to: &resource)
        }
        return request.bytes
    }

    // MARK: JSON

    private func json(_ body: Span<UInt8>) -> [UInt8] {
        var scope = ""
        if let metric {
            let points = "\"dataPoints\":[" + text(point, body) + "]"
            let temporality =
                metric.temporality == .unspecified ? "" : ",\"aggregationTemporality\":\(metric.temporality.rawValue)"
            let data = points + temporality + (metric.kind == .counter ? ",\"isMonotonic\":true" : "")
            let fields = object([
                ("name", text(places.name, body)), ("description", text(places.description, body)),
                ("unit", text(places.unit, body)), (metric.kind.dataKey, "{" + data + "}"),
            ])
            scope = object([
                ("scope", text(places.scope, body)), ("schemaUrl", text(places.scopeSchema, body)),
                ("metrics", "[" + fields + "]"),
            ])
        }
        let resource = object([
            ("resource", text(places.resource, body)), ("schemaUrl", text(places.resourceSchema, body)),
            ("scopeMetrics", scope.isEmpty ? "" : "[" + scope + "]"),
        ])
        return Array("{\"resourceMetrics\":[\(resource)]}".utf8)
    }

    private func text(_ range: ByteRange, _ body: Span<UInt8>) -> String {
        String(decoding: body.array(range), as: UTF8.self)
    }

    /// Without fields that have no value.
    private func object(_ fields: [(key: String, value: String)]) -> String {
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
