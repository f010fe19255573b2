/// Reads an `Export…ServiceRequest` in protobuf (opentelemetry/proto/collector/…), whose messages have the same fields whatever
/// they bring: resources, in them scopes, in those items. Fields may come in any order, so what is to be known of a message
/// before its items is looked for first.
enum OTLPMessages {
    static func read(_ body: Span<UInt8>, into decoding: inout some OTLPItemDecoding) throws(ProtobufError) {
        var fields = ProtobufFields(ByteRange(start: 0, end: body.count))
        while !fields.isAtEnd, !decoding.isOverfull {
            let key = try fields.key(body)
            if key == .bytes(1) {
                try readResource(try fields.bytes(body), body, &decoding)
            } else {
                try fields.skip(key, body)
            }
        }
    }

    /// `ResourceMetrics`, `ResourceLogs`
    private static func readResource(
        _ range: ByteRange, _ body: Span<UInt8>, _ decoding: inout some OTLPItemDecoding
    ) throws(ProtobufError) {
        var places = OTLPPlaces()
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .bytes(1): places.resource = try fields.bytes(body)
            case .bytes(3): places.resourceSchema = try fields.bytes(body)
            default: try fields.skip(key, body)
            }
        }
        decoding.begin(resource: try attributes(1, places.resource, body), places)
        fields = ProtobufFields(range)
        while !fields.isAtEnd, !decoding.isOverfull {
            let key = try fields.key(body)
            if key == .bytes(2) {
                try readScope(try fields.bytes(body), places, body, &decoding)
            } else {
                try fields.skip(key, body)
            }
        }
    }

    /// `ScopeMetrics`, `ScopeLogs`
    private static func readScope(
        _ range: ByteRange, _ places: OTLPPlaces, _ body: Span<UInt8>, _ decoding: inout some OTLPItemDecoding
    ) throws(ProtobufError) {
        var places = places
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .bytes(1): places.scope = try fields.bytes(body)
            case .bytes(3): places.scopeSchema = try fields.bytes(body)
            default: try fields.skip(key, body)
            }
        }
        decoding.begin(scope: decoding.wantsScope ? try scopeAttributes(places, body) : nil)
        fields = ProtobufFields(range)
        while !fields.isAtEnd, !decoding.isOverfull {
            let key = try fields.key(body)
            if key == .bytes(2) {
                try decoding.read(message: try fields.bytes(body), places, body)
            } else {
                try fields.skip(key, body)
            }
        }
    }

    /// `InstrumentationScope`, its fields as attributes.
    private static func scopeAttributes(_ places: OTLPPlaces, _ body: Span<UInt8>) throws(ProtobufError) -> [UInt8] {
        var (name, version) = (ByteRange.absent, ByteRange.absent)
        var fields = ProtobufFields(places.scope)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .bytes(1): name = try fields.bytes(body)
            case .bytes(2): version = try fields.bytes(body)
            default: try fields.skip(key, body)
            }
        }
        var list = ProtobufWriter()
        for (key, range) in [("name", name), ("version", version), ("schema_url", places.scopeSchema)] {
            list.attribute(key, string: body.array(range))
        }
        return list.bytes + (try attributes(3, places.scope, body))
    }

    /// The list of attributes in the fields `number` of a message.
    private static func attributes(
        _ number: UInt64, _ range: ByteRange, _ body: Span<UInt8>
    ) throws(ProtobufError) -> [UInt8] {
        var list: [UInt8] = []
        var run = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            try fields.skip(key, body)
            if key == .bytes(number) { run.add(start, fields.offset, body, to: &list) }
        }
        run.end(body, to: &list)
        return list
    }

    /// `Metric`
    static func readMetric(
        _ range: ByteRange, _ places: OTLPPlaces, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var metric = OTLPMetric(places: places)
        var data = ByteRange.absent
        var hasData = false
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .bytes(1): metric.places.name = try fields.bytes(body)
            case .bytes(2): metric.places.description = try fields.bytes(body)
            case .bytes(3): metric.places.unit = try fields.bytes(body)
            case .bytes(5), .bytes(7), .bytes(9), .bytes(10), .bytes(11):
                hasData = true
                data = try fields.bytes(body)
                metric.kind =
                    switch key.number {
                    case 5: .gauge
                    case 7: .upDownCounter
                    case 9: .histogram
                    case 10: .exponentialHistogram
                    default: .summary
                    }
            default: try fields.skip(key, body)
            }
        }
        guard hasData else { return }
        metric.name = body.array(metric.places.name)
        metric.unit = body.array(metric.places.unit)
        metric.description = body.array(metric.places.description)
        if metric.kind != .gauge, metric.kind != .summary { try readTemporality(data, body, &metric) }
        decoding.begin(metric)
        try readPoints(data, metric.kind, body, &decoding)
    }

    /// Of a `Sum`, a `Histogram` or an `ExponentialHistogram`.
    private static func readTemporality(
        _ range: ByteRange, _ body: Span<UInt8>, _ metric: inout OTLPMetric
    ) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .varint(2): metric.temporality = OTLPTemporality(rawValue: try fields.varint(body)) ?? .unspecified
            case .varint(3):
                let isMonotonic = try fields.varint(body) != 0
                if metric.kind == .upDownCounter || metric.kind == .counter {
                    metric.kind = isMonotonic ? .counter : .upDownCounter
                }
            default: try fields.skip(key, body)
            }
        }
    }

    private static func readPoints(
        _ range: ByteRange, _ kind: OTLPKind, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        while !fields.isAtEnd, !decoding.isOverfull {
            let key = try fields.key(body)
            guard key == .bytes(1) else {
                try fields.skip(key, body)
                continue
            }
            let point = try fields.bytes(body)
            decoding.beginPoint()
            switch kind {
            case .gauge, .upDownCounter, .counter, .targetInfo: try OTLPPointMessages.number(point, body, &decoding)
            case .histogram: try OTLPPointMessages.histogram(point, body, &decoding)
            case .exponentialHistogram: try OTLPPointMessages.exponential(point, body, &decoding)
            case .summary: try OTLPPointMessages.summary(point, body, &decoding)
            }
        }
    }
}

/// A stretch of neighbouring fields that are to be copied, so that they are copied in one go.
struct ByteRun {
    private var range: ByteRange

    init(at offset: Int) { range = ByteRange(start: offset, end: offset) }

    @inline(__always)
    mutating func add(_ start: Int, _ end: Int, _ bytes: Span<UInt8>, to out: inout [UInt8]) {
        if start != range.end {
            self.end(bytes, to: &out)
            range.start = start
        }
        range.end = end
    }

    /// Copies what is left.
    @inline(__always)
    mutating func end(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        if !range.isEmpty { out.append(range, of: bytes) }
        range.start = range.end
    }
}

extension ProtobufWriter {
    /// Appends an attribute that is a text; none for an empty one.
    mutating func attribute(_ key: String, string: [UInt8]) {
        guard !string.isEmpty else { return }
        message(1) { pair in
            pair.string(1, key)
            pair.message(2) { value in value.bytes(1, string) }
        }
    }
}
