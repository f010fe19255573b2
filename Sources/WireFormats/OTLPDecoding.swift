import NativeHistograms
import TelemetryModel

/// The decoding of one request: points are collected with the keys of their series, and those looked up some hundred at a time.
///
/// A reader says `begin` for each resource, scope and metric; for each point it says `beginPoint`, hands in the attributes and
/// then `add`s what the point has. A series' key lies in `scratch`, in two stretches:
///
///     first  │ number of the origin (8) │ kind (1) │ length of the name (8) │ name │ unit │   once a metric
///     second │ attributes │ part (9), if the kind has several series a point │             once a series
///
/// A point is taken with all its series or not at all.
struct OTLPDecoding {
    struct Point {
        /// Among `metrics`; -1 for a resource's `target_info`.
        let metric: Int
        /// Among `origins`.
        let origin: Int
        /// In the request.
        let range: ByteRange
        /// In `scratch`, as is `attributes`.
        let prefix: ByteRange
        let attributes: ByteRange
        /// Among `series`.
        let firstSeries: Int
        let seriesCount: Int
        /// Milliseconds since 1970-01-01T00:00:00Z.
        let timestamp: Int64
        /// When the counting began; 0 if that is not known.
        let start: Int64
        /// Of a point of delta temporality: its interval in nanoseconds.
        let interval: (start: UInt64, end: UInt64)?
        let hasNoValue: Bool
        /// Among `exemplars`.
        let firstExemplar: Int
        let exemplarCount: Int
        /// Among `refusals`; -1 for a point without fault.
        let refusal: Int
    }

    /// A series of a point, at the same position in the look-up.
    struct Series {
        let key: SeriesKey
        let origin: Int
        let value: Double
    }

    /// A resource whose `target_info` is due.
    struct Target {
        let origin: Int
        /// The newest point's; nil before the first one.
        var timestamp: Int64?
    }

    /// Of a point with several series: bytes of its attributes times series. Beyond it a short message would be long work.
    static let mostKeyBytes = 4 << 20

    let decoder: OTLPDecoder
    let encoding: OTLPEncoding
    var result = DecodedMetrics()

    // Of the request.
    var origins: [OTLPOrigin] = []
    var targets: [Target] = []
    private var targetOfOrigin: [UInt64: Int] = [:]

    // Where the reader is. Indices into `origins` and `targets`.
    private var resource = 0
    private var origin = 0
    private var target = 0
    private var metric = OTLPMetric()
    /// The metric's in `scratch` and its place in `metrics`; nil if it is not there yet.
    private var place: (prefix: ByteRange, metric: Int)?
    private var attributesStart = 0

    // Waiting for their series.
    var scratch: [UInt8] = []
    var lookUp: SeriesLookUp
    var points: [Point] = []
    var series: [Series] = []
    /// By position among `series`.
    var histograms: [Int: NativeHistogram] = [:]
    var metrics: [OTLPMetric] = []
    var refusals: [Refusal] = []
    var exemplars: [OTLPExemplar] = []

    init(_ decoder: OTLPDecoder, _ encoding: OTLPEncoding) {
        self.decoder = decoder
        self.encoding = encoding
        lookUp = SeriesLookUp(decoder.names)
    }

    /// More samples came than a request may have.
    var isOverfull: Bool {
        result.request.recordCount + result.deltaSamples + series.count + refusals.count > decoder.maximumRecords
            || result.exemplars > decoder.maximumRecords
    }

    // MARK: Where points come from

    mutating func begin(resource attributes: [UInt8], _ places: OTLPPlaces) {
        resource = append(OTLPOrigin(resource: attributes, places: places))
        begin(resource)
        let number = origins[resource].number
        target = targetOfOrigin[number] ?? targets.count
        if target == targets.count {
            targets.append(Target(origin: resource, timestamp: nil))
            targetOfOrigin[number] = target
        }
    }

    /// - Parameter attributes: nil if the scope gives no labels.
    mutating func begin(scope attributes: [UInt8]?) {
        guard let attributes, !attributes.isEmpty else { return begin(resource) }
        var scoped = origins[resource]
        scoped.scope = attributes
        begin(append(scoped))
    }

    private mutating func append(_ new: OTLPOrigin) -> Int {
        var new = new
        new.number = decoder.origins.number(of: new.spelling)
        origins.append(new)
        return origins.count - 1
    }

    private mutating func begin(_ origin: Int) {
        self.origin = origin
        place = nil
    }

    mutating func begin(_ metric: OTLPMetric) {
        self.metric = metric
        place = nil
    }

    // MARK: Points

    /// From here on attributes may be appended to `scratch`, as `OTLPAttributes` reads them.
    @inline(__always)
    mutating func beginPoint() {
        if place == nil { beginMetric() }
        attributesStart = scratch.count
    }

    private mutating func beginMetric() {
        place = (appendPrefix(metric.kind, origin, metric.name, metric.unit), metrics.count)
        metrics.append(metric)
    }

    private mutating func appendPrefix(_ kind: OTLPKind, _ origin: Int, _ name: [UInt8], _ unit: [UInt8]) -> ByteRange {
        let start = scratch.count
        scratch.append(littleEndian: origins[origin].number)
        scratch.append(kind.rawValue)
        scratch.append(littleEndian: UInt64(name.count))
        scratch.append(contentsOf: name)
        scratch.append(contentsOf: unit)
        return ByteRange(start: start, end: scratch.count)
    }

    /// A point of a gauge or a sum.
    @inline(__always)
    mutating func add(number: Double?, _ head: OTLPPointHead, _ body: Span<UInt8>) {
        guard number != nil || head.hasNoValue else { return refuse(.noNumber(), head, body) }
        guard isGood(head, body) else { return }
        if let number, metric.isDelta, metric.kind == .counter, number < 0 {
            return refuse(.fallingCounter(number), head, body)
        }
        let first = series.count
        appendSeries(
            ByteRange(start: attributesStart, end: scratch.count), head.hasNoValue ? .staleMarker : number ?? 0)
        append(head, firstSeries: first, body)
    }

    mutating func add(histogram: OTLPHistogram, _ head: OTLPPointHead, _ body: Span<UInt8>) {
        guard isGood(head, body) else { return }
        do throws(Refusal) {
            try histogram.check()
            let first = series.count
            try appendSeries(histogram.parts, head)
            append(head, firstSeries: first, body)
        } catch {
            refuse(error, head, body)
        }
    }

    mutating func add(exponential: OTLPExponentialHistogram, _ head: OTLPPointHead, _ body: Span<UInt8>) {
        guard isGood(head, body) else { return }
        do throws(Refusal) {
            let first = series.count
            if !head.hasNoValue { histograms[first] = try exponential.native() }
            // The end of a series is a number, whatever the series was.
            appendSeries(ByteRange(start: attributesStart, end: scratch.count), .staleMarker)
            append(head, firstSeries: first, body)
        } catch {
            refuse(error, head, body)
        }
    }

    mutating func add(summary: OTLPSummary, _ head: OTLPPointHead, _ body: Span<UInt8>) {
        guard isGood(head, body) else { return }
        do throws(Refusal) {
            let first = series.count
            try appendSeries(summary.parts, head)
            append(head, firstSeries: first, body)
        } catch {
            refuse(error, head, body)
        }
    }

    /// Refuses a point that can be told by its head to be none of ours.
    @inline(__always)
    private mutating func isGood(_ head: OTLPPointHead, _ body: Span<UInt8>) -> Bool {
        if metric.isUnsupported {
            refuse(.noTemporality(), head, body)
            return false
        }
        guard head.time > 0, head.time / 1_000_000 <= UInt64(ContractTimestamp.latest) else {
            refuse(head.time == 0 ? .noTime() : .timeOutOfRange(head.time), head, body)
            return false
        }
        return true
    }

    /// Appends the series of a point that has several.
    private mutating func appendSeries(_ parts: [(part: OTLPPart, value: Double)], _ head: OTLPPointHead)
        throws(Refusal)
    {
        let attributes = scratch.span.array(ByteRange(start: attributesStart, end: scratch.count))
        let (bytes, isOver) = parts.count.multipliedReportingOverflow(by: attributes.count + OTLPPart.byteCount)
        guard !isOver, bytes <= Self.mostKeyBytes else {
            throw .tooManyAttributeBytes(limit: Self.mostKeyBytes, got: isOver ? .max : bytes)
        }
        for (part, value) in parts {
            let start = scratch.count
            scratch.append(contentsOf: attributes)
            part.append(to: &scratch)
            appendSeries(ByteRange(start: start, end: scratch.count), head.hasNoValue ? .staleMarker : value)
        }
    }

    @inline(__always)
    private mutating func appendSeries(_ second: ByteRange, _ value: Double) {
        guard let place else { return }
        append(Series(key: SeriesKey(first: place.prefix, second: second), origin: origin, value: value))
    }

    @inline(__always)
    private mutating func append(_ new: Series) {
        lookUp.append(new.key)
        series.append(new)
    }

    @inline(__always)
    private mutating func append(_ head: OTLPPointHead, firstSeries: Int, _ body: Span<UInt8>, refusal: Int = -1) {
        guard let place else { return }
        let timestamp = Int64(truncatingIfNeeded: head.time / 1_000_000)
        let start = Int64(truncatingIfNeeded: head.start / 1_000_000)
        let attributes = ByteRange(start: attributesStart, end: scratch.count)
        points.append(
            Point(
                metric: place.metric, origin: origin, range: head.range, prefix: place.prefix, attributes: attributes,
                firstSeries: firstSeries, seriesCount: series.count - firstSeries, timestamp: timestamp,
                // A start that is not before the point says that the beginning is not known.
                start: metric.isCounting && start < timestamp ? start : 0,
                interval: metric.isDelta ? (head.start, head.time) : nil, hasNoValue: head.hasNoValue,
                firstExemplar: exemplars.count - head.exemplars, exemplarCount: head.exemplars, refusal: refusal))
        result.points += 1
        if refusal < 0 { targets[target].timestamp = max(targets[target].timestamp ?? timestamp, timestamp) }
        if lookUp.isFull || refusals.count >= 256 {
            resolve(body)
            self.place = nil
        }
    }

    mutating func refuse(_ refusal: Refusal, _ head: OTLPPointHead, _ body: Span<UInt8>) {
        refusals.append(refusal)
        append(head, firstSeries: series.count, body, refusal: refusals.count - 1)
    }

    // MARK: The end

    /// After the last point.
    mutating func finish(_ body: Span<UInt8>) {
        for target in targets {
            guard let timestamp = target.timestamp else { continue }
            let prefix = appendPrefix(.targetInfo, target.origin, [], [])
            let nothing = ByteRange(start: prefix.end, end: prefix.end)
            points.append(
                Point(
                    metric: -1, origin: target.origin, range: .absent, prefix: prefix, attributes: nothing,
                    firstSeries: series.count, seriesCount: 1, timestamp: timestamp, start: 0, interval: nil,
                    hasNoValue: false, firstExemplar: 0, exemplarCount: 0, refusal: -1))
            append(Series(key: SeriesKey(first: prefix, second: nothing), origin: target.origin, value: 1))
            if lookUp.isFull { resolve(body) }
        }
        resolve(body)
    }
}
