import TelemetryModel

/// What a message of remote write says of metrics, each thing once.
///
/// Version 1.0 says it of families, in messages of their own; version 2.0 of each series, whose name may be that of a part of
/// its family.
struct RemoteWriteMetadata {
    private(set) var all: [FamilyMetadata] = []
    private var isKnown: Set<FamilyMetadata> = []

    // Of the series before, in version 2.0: its neighbours usually say the same.
    private var lastName: [UInt8] = []
    private var lastMessage = SeriesMessage()

    /// `io.prometheus.write.v2.Metadata`: indices into the symbols.
    private struct SeriesMessage: Equatable {
        var type: UInt64 = 0
        var help: UInt64 = 0
        var unit: UInt64 = 0
    }

    private mutating func append(_ family: String, _ metadata: MetricMetadata) {
        let item = FamilyMetadata(family, metadata)
        if isKnown.insert(item).inserted { all.append(item) }
    }

    /// `prometheus.MetricMetadata`
    mutating func readVersion1(_ range: ByteRange, _ message: Span<UInt8>) throws(ProtobufError) {
        var family = ""
        var metadata = MetricMetadata()
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(message)
            switch key {
            case .varint(1): metadata.type = MetricType(code: try fields.varint(message))
            case .bytes(2): family = message.repairedText(try fields.bytes(message))
            case .bytes(4): metadata.help = message.repairedText(try fields.bytes(message))
            case .bytes(5): metadata.unit = message.repairedText(try fields.bytes(message))
            default: try fields.skip(key, message)
            }
        }
        append(family, metadata)
    }

    /// - Parameters:
    ///   - range: of the `Metadata` of a series.
    ///   - labels: of the series, in the form of version 1.0 in `labelBytes`.
    mutating func readVersion2(
        _ range: ByteRange, labels: ByteRange, in labelBytes: Span<UInt8>, _ symbols: [ByteRange],
        _ message: Span<UInt8>
    ) throws(ProtobufError) {
        var said = SeriesMessage()
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(message)
            switch key {
            case .varint(1): said.type = try fields.varint(message)
            case .varint(3): said.help = try fields.varint(message)
            case .varint(4): said.unit = try fields.varint(message)
            default: try fields.skip(key, message)
            }
        }
        func text(_ reference: UInt64) throws(ProtobufError) -> String {
            guard reference < UInt64(symbols.count) else {
                // Symbol 0 is the empty text, which a message that has no symbols does without.
                if reference == 0 { return "" }
                throw ProtobufError(
                    offset: range.start, reason: "expected one of \(symbols.count) symbols, got \(reference)")
            }
            return message.repairedText(symbols[Int(reference)])
        }
        guard let name = LabelMessages.range(of: Self.nameLabel, labels, labelBytes) else { return }
        if said == lastMessage, labelBytes.hasBytes(lastName, at: name.start), name.count == lastName.count { return }
        lastMessage = said
        lastName = labelBytes.array(name)
        let metadata = MetricMetadata(
            type: MetricType(code: said.type), help: try text(said.help), unit: try text(said.unit))
        // A sender that knows nothing of a series says so in this way.
        guard metadata != MetricMetadata() else { return }
        append(metadata.type.family(ofSeries: labelBytes.repairedText(name)), metadata)
    }

    private static let nameLabel = Array(LabelSet.metricNameLabel.utf8)
}

extension MetricType {
    init(code: UInt64) { self = UInt8(exactly: code).flatMap { MetricType(rawValue: $0) } ?? .unknown }

    /// The name of the family that a series of this type belongs to.
    func family(ofSeries name: String) -> String {
        let suffixes: [String]
        switch self {
        case .histogram: suffixes = ["_bucket", "_sum", "_count"]
        case .gaugeHistogram: suffixes = ["_bucket", "_gsum", "_gcount"]
        case .summary: suffixes = ["_sum", "_count"]
        case .unknown, .counter, .gauge, .info, .stateSet: return name
        }
        for suffix in suffixes where name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count {
            return String(name.dropLast(suffix.count))
        }
        return name
    }
}

extension Span<UInt8> {
    /// With a replacement character for what is no UTF-8: a remark on a metric is no reason to refuse anything.
    func repairedText(_ range: ByteRange) -> String { String(decoding: array(range), as: UTF8.self) }
}
