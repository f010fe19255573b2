/// Reads the data points of protobuf, each from the range of its message.
enum OTLPPointMessages {
    /// `NumberDataPoint`
    @inline(__always)
    static func number(
        _ range: ByteRange, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var head = OTLPPointHead(range)
        var number: Double?
        var attributes = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            switch key {
            case .fixed64(2): head.start = try fields.fixed64(body)
            case .fixed64(3): head.time = try fields.fixed64(body)
            case .fixed64(4): number = try fields.double(body)
            case .fixed64(6): number = Double(Int64(bitPattern: try fields.fixed64(body)))
            case .bytes(7):
                _ = try fields.bytes(body)
                attributes.add(start, fields.offset, body, to: &decoding.scratch)
            case .bytes(5):
                decoding.append(OTLPExemplar(message: try fields.bytes(body), body))
                head.exemplars += 1
            case .varint(8): head.flags = try fields.varint(body)
            default: try fields.skip(key, body)
            }
        }
        attributes.end(body, to: &decoding.scratch)
        decoding.add(number: number, head, body)
    }

    /// `HistogramDataPoint`
    static func histogram(
        _ range: ByteRange, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var head = OTLPPointHead(range)
        var histogram = OTLPHistogram()
        var attributes = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            switch key {
            case .fixed64(2): head.start = try fields.fixed64(body)
            case .fixed64(3): head.time = try fields.fixed64(body)
            case .fixed64(4): histogram.count = try fields.fixed64(body)
            case .fixed64(5): histogram.sum = try fields.double(body)
            case .bytes(6):
                var packed = ProtobufFields(try fields.bytes(body))
                while !packed.isAtEnd { histogram.counts.append(try packed.fixed64(body)) }
            case .fixed64(6): histogram.counts.append(try fields.fixed64(body))
            case .bytes(7):
                var packed = ProtobufFields(try fields.bytes(body))
                while !packed.isAtEnd { histogram.bounds.append(try packed.double(body)) }
            case .fixed64(7): histogram.bounds.append(try fields.double(body))
            case .bytes(8):
                decoding.append(OTLPExemplar(message: try fields.bytes(body), body))
                head.exemplars += 1
            case .bytes(9):
                _ = try fields.bytes(body)
                attributes.add(start, fields.offset, body, to: &decoding.scratch)
            case .varint(10): head.flags = try fields.varint(body)
            default: try fields.skip(key, body)
            }
        }
        attributes.end(body, to: &decoding.scratch)
        decoding.add(histogram: histogram, head, body)
    }

    /// `ExponentialHistogramDataPoint`
    static func exponential(
        _ range: ByteRange, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var head = OTLPPointHead(range)
        var histogram = OTLPExponentialHistogram()
        var attributes = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            switch key {
            case .bytes(1):
                _ = try fields.bytes(body)
                attributes.add(start, fields.offset, body, to: &decoding.scratch)
            case .fixed64(2): head.start = try fields.fixed64(body)
            case .fixed64(3): head.time = try fields.fixed64(body)
            case .fixed64(4): histogram.count = try fields.fixed64(body)
            case .fixed64(5): histogram.sum = try fields.double(body)
            case .varint(6): histogram.scale = try fields.zigzag(body)
            case .fixed64(7): histogram.zeroCount = try fields.fixed64(body)
            case .bytes(8): histogram.positive = try buckets(try fields.bytes(body), body)
            case .bytes(9): histogram.negative = try buckets(try fields.bytes(body), body)
            case .varint(10): head.flags = try fields.varint(body)
            case .bytes(11):
                decoding.append(OTLPExemplar(message: try fields.bytes(body), body))
                head.exemplars += 1
            case .fixed64(14): histogram.zeroThreshold = try fields.double(body)
            default: try fields.skip(key, body)
            }
        }
        attributes.end(body, to: &decoding.scratch)
        decoding.add(exponential: histogram, head, body)
    }

    /// `ExponentialHistogramDataPoint.Buckets`
    private static func buckets(
        _ range: ByteRange, _ body: Span<UInt8>
    ) throws(ProtobufError) -> OTLPExponentialHistogram.Buckets {
        var buckets = OTLPExponentialHistogram.Buckets()
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .varint(1): buckets.offset = try fields.zigzag(body)
            case .bytes(2):
                var packed = ProtobufFields(try fields.bytes(body))
                while !packed.isAtEnd { buckets.counts.append(try packed.varint(body)) }
            case .varint(2): buckets.counts.append(try fields.varint(body))
            default: try fields.skip(key, body)
            }
        }
        return buckets
    }

    /// `SummaryDataPoint`
    static func summary(
        _ range: ByteRange, _ body: Span<UInt8>, _ decoding: inout OTLPDecoding
    ) throws(ProtobufError) {
        var head = OTLPPointHead(range)
        var summary = OTLPSummary()
        var attributes = ByteRun(at: range.start)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let start = fields.offset
            let key = try fields.key(body)
            switch key {
            case .fixed64(2): head.start = try fields.fixed64(body)
            case .fixed64(3): head.time = try fields.fixed64(body)
            case .fixed64(4): summary.count = try fields.fixed64(body)
            case .fixed64(5): summary.sum = try fields.double(body)
            case .bytes(6): summary.quantiles.append(try quantile(try fields.bytes(body), body))
            case .bytes(7):
                _ = try fields.bytes(body)
                attributes.add(start, fields.offset, body, to: &decoding.scratch)
            case .varint(8): head.flags = try fields.varint(body)
            default: try fields.skip(key, body)
            }
        }
        attributes.end(body, to: &decoding.scratch)
        decoding.add(summary: summary, head, body)
    }

    /// `SummaryDataPoint.ValueAtQuantile`
    private static func quantile(
        _ range: ByteRange, _ body: Span<UInt8>
    ) throws(ProtobufError) -> (quantile: Double, value: Double) {
        var (quantile, value) = (0.0, 0.0)
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(body)
            switch key {
            case .fixed64(1): quantile = try fields.double(body)
            case .fixed64(2): value = try fields.double(body)
            default: try fields.skip(key, body)
            }
        }
        return (quantile, value)
    }
}
