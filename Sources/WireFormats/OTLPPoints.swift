/// What a metric of OpenTelemetry is, as far as its series' names and labels depend on it. Raw values stand in keys of series.
enum OTLPKind: UInt8 {
    case gauge = 1
    /// A sum that may fall: in Prometheus a gauge.
    case upDownCounter
    /// A monotonic sum.
    case counter
    case histogram
    case exponentialHistogram
    case summary
    /// The resource itself.
    case targetInfo
}

/// How a point's value relates to those before it (opentelemetry/proto/metrics/v1/metrics.proto).
enum OTLPTemporality: UInt64 {
    case unspecified = 0
    /// The difference from the point before.
    case delta = 1
    /// The total since its start.
    case cumulative = 2
}

/// What points of all kinds have, however they are encoded.
struct OTLPPointHead {
    /// Where the point stands in the request.
    let range: ByteRange
    /// Nanoseconds since 1970-01-01T00:00:00Z; 0 if there is none.
    var time: UInt64 = 0
    /// When the counting began, likewise.
    var start: UInt64 = 0
    var flags: UInt64 = 0
    /// How many the decoding was given of it.
    var exemplars = 0

    init(_ range: ByteRange) { self.range = range }

    /// The flag `FLAG_NO_RECORDED_VALUE_MASK`: the series ends here.
    var hasNoValue: Bool { flags & 1 != 0 }
}

/// A distribution over buckets with listed bounds.
struct OTLPHistogram {
    var count: UInt64 = 0
    var sum: Double?
    /// One more than `bounds`, or none. Not cumulative.
    var counts: [UInt64] = []
    /// Upper, inclusive bounds, ascending, without +∞.
    var bounds: [Double] = []

    /// Its classic series, the counts of buckets cumulative.
    var parts: [(part: OTLPPart, value: Double)] {
        var parts: [(part: OTLPPart, value: Double)] = []
        parts.reserveCapacity(bounds.count + 3)
        if let sum { parts.append((.sum, sum)) }
        parts.append((.count, Double(count)))
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            let (sum, isOver) = total.addingReportingOverflow(count)
            total = isOver ? .max : sum
            parts.append((.bucket(bound), Double(total)))
        }
        parts.append((.bucket(.infinity), Double(count)))
        return parts
    }
}

/// A distribution over buckets that grow by the factor `2^(2^-scale)`.
struct OTLPExponentialHistogram {
    struct Buckets {
        /// Bucket i of `counts` is for `(base^(offset+i), base^(offset+i+1)]`.
        var offset: Int64 = 0
        var counts: [UInt64] = []
    }

    var count: UInt64 = 0
    var sum: Double?
    var scale: Int64 = 0
    var zeroCount: UInt64 = 0
    var zeroThreshold = 0.0
    var positive = Buckets()
    var negative = Buckets()
}

/// A distribution by quantiles that the client computed.
struct OTLPSummary {
    var count: UInt64 = 0
    var sum = 0.0
    var quantiles: [(quantile: Double, value: Double)] = []

    var parts: [(part: OTLPPart, value: Double)] {
        [(.sum, sum), (.count, Double(count))] + quantiles.map { (.quantile($0.quantile), $0.value) }
    }
}

/// Where the parts of a request stand that a refused point needs around it to be a request of its own. In JSON a range covers the
/// value with its quotes or brackets; in protobuf the content of the field.
struct OTLPPlaces {
    var resource = ByteRange.absent
    var resourceSchema = ByteRange.absent
    var scope = ByteRange.absent
    var scopeSchema = ByteRange.absent
    var name = ByteRange.absent
    var description = ByteRange.absent
    var unit = ByteRange.absent
}

/// The metric whose points are being read.
struct OTLPMetric {
    var kind = OTLPKind.gauge
    var temporality = OTLPTemporality.unspecified
    var places = OTLPPlaces()
    /// Texts in UTF-8, to be checked.
    var name: [UInt8] = []
    var unit: [UInt8] = []

    /// The running totals in it have a start.
    var isCounting: Bool {
        switch kind {
        case .counter, .histogram, .exponentialHistogram, .summary: true
        case .gauge, .upDownCounter, .targetInfo: false
        }
    }

    /// Whether a point says what changed rather than what there is.
    var isDelta: Bool { hasTemporality && temporality == .delta }

    /// Whether nobody can say what a point means.
    var isUnsupported: Bool { hasTemporality && temporality == .unspecified }

    private var hasTemporality: Bool {
        switch kind {
        case .gauge, .summary, .targetInfo: false
        case .upDownCounter, .counter, .histogram, .exponentialHistogram: true
        }
    }
}
