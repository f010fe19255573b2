/// The type of a metric family. Raw values are stored in the log and never reused; they are those of both versions of remote write.
package enum MetricType: UInt8, CaseIterable, Sendable {
    case unknown = 0
    case counter = 1
    case gauge = 2
    case histogram = 3
    case gaugeHistogram = 4
    case summary = 5
    case info = 6
    case stateSet = 7

    /// As Prometheus spells it.
    package var name: String {
        switch self {
        case .unknown: "unknown"
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .gaugeHistogram: "gaugehistogram"
        case .summary: "summary"
        case .info: "info"
        case .stateSet: "stateset"
        }
    }
}

/// What a sender says of a metric family besides its samples.
package struct MetricMetadata: Hashable, Sendable {
    package var type: MetricType
    package var help: String
    package var unit: String

    package init(type: MetricType = .unknown, help: String = "", unit: String = "") {
        self.type = type
        self.help = help
        self.unit = unit
    }

    package static func < (a: MetricMetadata, b: MetricMetadata) -> Bool {
        (a.type.rawValue, a.help, a.unit) < (b.type.rawValue, b.help, b.unit)
    }
}

/// The metadata of one family, as a request brings it.
package struct FamilyMetadata: Hashable, Sendable {
    /// The name that `# TYPE` has: without `_bucket`, `_sum` and `_count`.
    package var family: String
    package var metadata: MetricMetadata

    package init(_ family: String, _ metadata: MetricMetadata) {
        self.family = family
        self.metadata = metadata
    }
}
