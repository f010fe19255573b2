import TelemetryModel

/// What a request says of its metrics, under the names of the families that they become.
struct OTLPMetadata {
    /// Prometheus' word for what says where series come from.
    static let targetInfo = FamilyMetadata("target_info", MetricMetadata(type: .gauge, help: "Target metadata"))

    private(set) var all: [FamilyMetadata] = []
    private var isKnown: Set<FamilyMetadata> = []
    private var key: [UInt8] = []

    mutating func note(_ metric: OTLPMetric, _ texts: MetadataTexts) {
        key.removeAll(keepingCapacity: true)
        key.append(metric.kind.rawValue)
        key.append(littleEndian: UInt64(metric.name.count))
        key.append(contentsOf: metric.name)
        key.append(littleEndian: UInt64(metric.unit.count))
        key.append(contentsOf: metric.unit)
        key.append(contentsOf: metric.description)
        if let item = texts.item(for: key, make: { Self.item(metric) }) { append(item) }
    }

    mutating func noteTargetInfo() { append(Self.targetInfo) }

    private mutating func append(_ item: FamilyMetadata) {
        if isKnown.insert(item).inserted { all.append(item) }
    }

    private static func item(_ metric: OTLPMetric) -> FamilyMetadata? {
        let unit = String(decoding: metric.unit, as: UTF8.self)
        let name = String(decoding: metric.name, as: UTF8.self)
        guard let family = OTLPNames.metric(name, unit: unit, kind: metric.kind) else { return nil }
        let (main, per) = OTLPUnits.words(unit)
        return FamilyMetadata(
            family,
            MetricMetadata(
                type: metric.kind.type, help: String(decoding: metric.description, as: UTF8.self),
                // As it stands in the name.
                unit: [main, per].filter { !$0.isEmpty }.joined(separator: "_")))
    }
}

extension OTLPKind {
    /// What it is in Prometheus.
    fileprivate var type: MetricType {
        switch self {
        case .gauge, .upDownCounter, .targetInfo: .gauge
        case .counter: .counter
        case .histogram, .exponentialHistogram: .histogram
        case .summary: .summary
        }
    }
}
