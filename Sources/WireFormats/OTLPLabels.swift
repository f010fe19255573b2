import TelemetryModel

/// What a resource, and a scope if that is wanted, give to the labels of their series.
struct OTLPOriginLabels {
    /// Names as they are in series. Where a point has a label of that name, it keeps its own.
    private(set) var promoted: [Label] = []
    /// `job` and `instance`, which no attribute of a point replaces.
    private(set) var identity: [Label] = []
    /// Of `target_info`: all attributes that do not identify the resource.
    private(set) var info: [Label] = []

    private static let serviceNamespace = "service.namespace"
    private static let serviceName = "service.name"
    private static let serviceInstance = "service.instance.id"

    /// - Parameters:
    ///   - resource: list of attributes.
    init(
        resource: [OTLPAttribute], scope: [OTLPAttribute], _ translation: OTLPTranslation
    ) throws(Refusal) {
        func value(_ key: String) -> String? { resource.first { $0.key == key }?.text }
        if let name = value(Self.serviceName), !name.isEmpty {
            let namespace = value(Self.serviceNamespace) ?? ""
            identity.append(Label("job", namespace.isEmpty ? name : "\(namespace)/\(name)"))
        }
        if let instance = value(Self.serviceInstance), !instance.isEmpty {
            identity.append(Label("instance", instance))
        }
        let identifying = [Self.serviceNamespace, Self.serviceName, Self.serviceInstance]
        info = try OTLPLabels.merged(resource.filter { !identifying.contains($0.key) })
        for index in info.indices where info[index].value.utf8.count > LabelSet.longestValue {
            info[index] = Label(info[index].name, info[index].value.cut(toBytes: LabelSet.longestValue))
        }
        for key in translation.promotedResourceAttributes {
            guard let text = value(key) else { continue }
            guard let name = OTLPNames.label(key) else { throw .noLabel(key) }
            promoted.append(Label(name, text))
        }
        for attribute in scope {
            guard let name = OTLPNames.label("otel_scope_" + attribute.key) else { continue }
            promoted.append(Label(name, attribute.text))
        }
    }

    /// Whether there is something to say of the resource, and series to which it could be joined.
    var hasInfo: Bool { !info.isEmpty && !identity.isEmpty }
}

/// Labels of series from attributes (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
enum OTLPLabels {
    /// Labels with names that Prometheus takes, each name once: the values of keys that come to the same name are joined in the
    /// order of the keys.
    static func merged(_ attributes: [OTLPAttribute]) throws(Refusal) -> [Label] {
        guard attributes.count <= LabelSet.mostLabels else { throw .tooManyLabels(attributes.count) }
        var labels: [Label] = []
        labels.reserveCapacity(attributes.count)
        for attribute in attributes.sorted(by: { $0.key.isOrderedBeforeByBytes($1.key) }) {
            guard let name = OTLPNames.label(attribute.key) else { throw .noLabel(attribute.key) }
            if let index = labels.firstIndex(where: { $0.name == name }) {
                labels[index] = Label(name, labels[index].value + ";" + attribute.text)
            } else {
                labels.append(Label(name, attribute.text))
            }
        }
        return labels
    }

    /// The series of one part of a metric's point.
    ///
    /// - Parameters:
    ///   - name: as in OpenTelemetry, likewise `unit`.
    static func series(
        _ kind: OTLPKind, name: String, unit: String, _ part: OTLPPart, attributes: [OTLPAttribute],
        origin: OTLPOriginLabels
    ) throws(Refusal) -> LabelSet {
        if kind == .targetInfo {
            guard origin.hasInfo else { throw .nothingToSay() }
            return try LabelSet.series(
                origin.info.filter { label in
                    label.name != LabelSet.metricNameLabel && !origin.identity.contains { $0.name == label.name }
                } + origin.identity + [Label(LabelSet.metricNameLabel, "target_info")])
        }
        guard let metric = OTLPNames.metric(name, unit: unit, kind: kind) else { throw .noMetric(name) }
        var labels = try merged(attributes)
        for label in origin.promoted where !labels.contains(where: { $0.name == label.name }) { labels.append(label) }
        let own = origin.identity + [Label(LabelSet.metricNameLabel, metric + part.suffix)] + part.labels
        labels.removeAll { label in own.contains { $0.name == label.name } }
        return try LabelSet.series(labels + own)
    }
}

/// Which of the series of a point it is. A series' key ends with it.
enum OTLPPart {
    /// The only one, or the one that has the point's histogram.
    case value
    case sum
    case count
    /// The count of all up to this bound.
    case bucket(Double)
    case quantile(Double)

    /// How many bytes `append` adds.
    static let byteCount = 9

    var suffix: String {
        switch self {
        case .value, .quantile: ""
        case .sum: "_sum"
        case .count: "_count"
        case .bucket: "_bucket"
        }
    }

    var labels: [Label] {
        switch self {
        case .value, .sum, .count: []
        case .bucket(let bound): [Label("le", DecimalText.positional(bound))]
        case .quantile(let quantile): [Label("quantile", DecimalText.positional(quantile))]
        }
    }

    private var encoded: (tag: UInt8, bits: UInt64) {
        switch self {
        case .value: (0, 0)
        case .sum: (1, 0)
        case .count: (2, 0)
        case .bucket(let bound): (3, bound.bitPattern)
        case .quantile(let quantile): (4, quantile.bitPattern)
        }
    }

    func append(to key: inout [UInt8]) {
        let (tag, bits) = encoded
        key.append(tag)
        key.append(littleEndian: bits)
    }

    /// What `append` wrote at `offset`.
    init(_ bytes: Span<UInt8>, at offset: Int) {
        let bits = bytes.word(at: offset + 1)
        switch bytes[offset] {
        case 1: self = .sum
        case 2: self = .count
        case 3: self = .bucket(Double(bitPattern: bits))
        case 4: self = .quantile(Double(bitPattern: bits))
        default: self = .value
        }
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
