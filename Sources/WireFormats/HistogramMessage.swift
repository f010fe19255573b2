import NativeHistograms
import TelemetryModel

/// A `Histogram` of remote write, the same in both versions but for the start.
struct HistogramMessage {
    var timestamp: Int64 = 0
    /// When its counting began; 0 if that is not known.
    var start: Int64 = 0
    /// Or why it is none.
    var histogram: Result<NativeHistogram, Refusal>

    /// - Throws: if the bytes are no such message. A message that is no histogram is not an error of the bytes.
    static func read(_ range: ByteRange, _ bytes: Span<UInt8>) throws(ProtobufError) -> HistogramMessage {
        var fields = ProtobufFields(range)
        var histogram = NativeHistogram()
        var message = HistogramMessage(histogram: .success(histogram))
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            switch key {
            case .varint(1): histogram.count = Double(try fields.varint(bytes))
            case .fixed64(2): histogram.count = try fields.double(bytes)
            case .fixed64(3): histogram.sum = try fields.double(bytes)
            case .varint(4): histogram.schema = Int32(clamping: try fields.zigzag(bytes))
            case .fixed64(5): histogram.zeroThreshold = try fields.double(bytes)
            case .varint(6): histogram.zeroCount = Double(try fields.varint(bytes))
            case .fixed64(7): histogram.zeroCount = try fields.double(bytes)
            case .bytes(8): histogram.negativeSpans.append(try span(try fields.bytes(bytes), bytes))
            case .bytes(9): try appendDeltas(try fields.bytes(bytes), bytes, to: &histogram.negativeBuckets)
            case .bytes(10): try appendDoubles(try fields.bytes(bytes), bytes, to: &histogram.negativeBuckets)
            case .bytes(11): histogram.positiveSpans.append(try span(try fields.bytes(bytes), bytes))
            case .bytes(12): try appendDeltas(try fields.bytes(bytes), bytes, to: &histogram.positiveBuckets)
            case .bytes(13): try appendDoubles(try fields.bytes(bytes), bytes, to: &histogram.positiveBuckets)
            case .varint(14):
                let hint = try fields.varint(bytes)
                histogram.counterReset = UInt8(exactly: hint).flatMap(NativeHistogram.CounterReset.init) ?? .unknown
            case .varint(15): message.timestamp = try fields.signed(bytes)
            case .bytes(16): try appendDoubles(try fields.bytes(bytes), bytes, to: &histogram.customValues)
            case .varint(17): message.start = try fields.signed(bytes)
            default: try fields.skip(key, bytes)
            }
        }
        do throws(HistogramFault) {
            try histogram.validate()
            message.histogram = .success(histogram)
        } catch {
            message.histogram = .failure(Refusal(.invalidHistogram, "The histogram is none: \(error.description)."))
        }
        return message
    }

    private static func span(_ range: ByteRange, _ bytes: Span<UInt8>) throws(ProtobufError) -> NativeHistogram.Span {
        var fields = ProtobufFields(range)
        var span = NativeHistogram.Span(offset: 0, length: 0)
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            switch key {
            case .varint(1): span.offset = Int32(clamping: try fields.zigzag(bytes))
            case .varint(2): span.length = UInt32(clamping: try fields.varint(bytes))
            default: try fields.skip(key, bytes)
            }
        }
        return span
    }

    /// `repeated sint64`, packed: each count as its difference from the one before.
    private static func appendDeltas(
        _ range: ByteRange, _ bytes: Span<UInt8>, to counts: inout [Double]
    ) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        var count: Int64 = 0
        while !fields.isAtEnd {
            count &+= try fields.zigzag(bytes)
            counts.append(Double(count))
        }
    }

    private static func appendDoubles(
        _ range: ByteRange, _ bytes: Span<UInt8>, to values: inout [Double]
    ) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        while !fields.isAtEnd { values.append(try fields.double(bytes)) }
    }
}
