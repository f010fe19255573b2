import TelemetryModel

/// Reads the data points of JSON.
enum OTLPPointObjects {
    /// A point that is not as it should be is refused, and those after it go on.
    ///
    /// - Parameters:
    ///   - place: at the point, which takes up `range`.
    static func read(
        _ place: JSONCursor, _ range: ByteRange, _ kind: OTLPKind, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) {
        decoding.beginPoint()
        var cursor = place
        var point = OTLPPointObject(range)
        do throws(JSONFault) {
            try cursor.fields(body) { (cursor, name) throws(JSONFault) in
                do throws(JSONFault) {
                    if try !point.readHead(name, &cursor, body) { try point.readData(name, kind, &cursor, body) }
                } catch {
                    point.fault = Refusal(.wrongType, field: name, "\(name): \(error.what).")
                    throw error
                }
            }
        } catch {
            point.hand(to: &decoding)
            return decoding.refuse(
                point.fault ?? Refusal(.wrongType, "The point: \(error.what)."), point.head, body)
        }
        point.hand(to: &decoding)
        switch kind {
        case .gauge, .upDownCounter, .counter, .targetInfo: decoding.add(number: point.number, point.head, body)
        case .histogram: decoding.add(histogram: point.histogram, point.head, body)
        case .exponentialHistogram: decoding.add(exponential: point.exponential, point.head, body)
        case .summary: decoding.add(summary: point.summary, point.head, body)
        }
    }
}

/// What has been read of a point, of whichever kind.
private struct OTLPPointObject {
    var head: OTLPPointHead
    var attributes = ProtobufWriter()
    var exemplars: [OTLPExemplar?] = []
    var number: Double?
    var histogram = OTLPHistogram()
    var exponential = OTLPExponentialHistogram()
    var summary = OTLPSummary()
    var fault: Refusal?

    init(_ range: ByteRange) { head = OTLPPointHead(range) }

    /// Hands in what a point of any kind has beside its data.
    mutating func hand(to decoding: inout OTLPDecoding) {
        decoding.scratch.append(contentsOf: attributes.bytes)
        for exemplar in exemplars { decoding.append(exemplar) }
        head.exemplars = exemplars.count
    }

    /// - Returns: whether it is a field that points of all kinds have.
    mutating func readHead(
        _ name: String, _ cursor: inout JSONCursor, _ body: Span<UInt8>
    ) throws(JSONFault) -> Bool {
        switch name {
        case "timeUnixNano": head.time = try cursor.integer(body)
        case "startTimeUnixNano": head.start = try cursor.integer(body)
        case "flags": head.flags = try cursor.integer(body)
        case "attributes": try OTLPValueObjects.attributes(&cursor, body, to: &attributes)
        case "exemplars":
            var found: [OTLPExemplar?] = []
            try cursor.elements(body) { (cursor) throws(JSONFault) in found.append(OTLPExemplar(object: cursor, body)) }
            exemplars = found
        default: return false
        }
        return true
    }

    mutating func readData(
        _ name: String, _ kind: OTLPKind, _ cursor: inout JSONCursor, _ body: Span<UInt8>
    ) throws(JSONFault) {
        switch (kind, name) {
        case (.gauge, "asDouble"), (.upDownCounter, "asDouble"), (.counter, "asDouble"):
            number = try cursor.double(body)
        case (.gauge, "asInt"), (.upDownCounter, "asInt"), (.counter, "asInt"):
            number = Double(try cursor.integer(body, Int64.self))
        case (.histogram, "count"): histogram.count = try cursor.integer(body)
        case (.histogram, "sum"): histogram.sum = try cursor.double(body)
        case (.histogram, "bucketCounts"): histogram.counts = try Self.integers(&cursor, body)
        case (.histogram, "explicitBounds"):
            var bounds: [Double] = []
            try cursor.elements(body) { (cursor) throws(JSONFault) in bounds.append(try cursor.double(body)) }
            histogram.bounds = bounds
        case (.exponentialHistogram, "count"): exponential.count = try cursor.integer(body)
        case (.exponentialHistogram, "sum"): exponential.sum = try cursor.double(body)
        case (.exponentialHistogram, "scale"): exponential.scale = try cursor.integer(body)
        case (.exponentialHistogram, "zeroCount"): exponential.zeroCount = try cursor.integer(body)
        case (.exponentialHistogram, "zeroThreshold"): exponential.zeroThreshold = try cursor.double(body)
        case (.exponentialHistogram, "positive"): exponential.positive = try Self.buckets(&cursor, body)
        case (.exponentialHistogram, "negative"): exponential.negative = try Self.buckets(&cursor, body)
        case (.summary, "count"): summary.count = try cursor.integer(body)
        case (.summary, "sum"): summary.sum = try cursor.double(body)
        case (.summary, "quantileValues"):
            var quantiles: [(quantile: Double, value: Double)] = []
            try cursor.elements(body) { (cursor) throws(JSONFault) in
                var (quantile, value) = (0.0, 0.0)
                try cursor.fields(body) { (cursor, name) throws(JSONFault) in
                    switch name {
                    case "quantile": quantile = try cursor.double(body)
                    case "value": value = try cursor.double(body)
                    default: break
                    }
                }
                quantiles.append((quantile, value))
            }
            summary.quantiles = quantiles
        default: break
        }
    }

    private static func buckets(
        _ cursor: inout JSONCursor, _ body: Span<UInt8>
    ) throws(JSONFault) -> OTLPExponentialHistogram.Buckets {
        var buckets = OTLPExponentialHistogram.Buckets()
        try cursor.fields(body) { (cursor, name) throws(JSONFault) in
            switch name {
            case "offset": buckets.offset = try cursor.integer(body)
            case "bucketCounts": buckets.counts = try integers(&cursor, body)
            default: break
            }
        }
        return buckets
    }

    private static func integers(_ cursor: inout JSONCursor, _ body: Span<UInt8>) throws(JSONFault) -> [UInt64] {
        var integers: [UInt64] = []
        try cursor.elements(body) { (cursor) throws(JSONFault) in integers.append(try cursor.integer(body)) }
        return integers
    }
}
