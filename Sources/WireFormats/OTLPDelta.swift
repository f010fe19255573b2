import NativeHistograms
package import TelemetryModel

/// A point of delta temporality whose series are known: what is to be added to their totals.
package struct OTLPDeltaPoint: Sendable {
    /// Its series with what each is to grow by.
    package let parts: [(series: SeriesReference, value: Double)]
    /// In the place of the only part's value.
    let histogram: NativeHistogram?
    /// The interval, nanoseconds since 1970-01-01T00:00:00Z. A start of 0 stands for the end of the interval before.
    let start: UInt64
    let end: UInt64
    /// Milliseconds.
    let timestamp: Int64
    /// What counts begins anew after a gap; what goes up and down goes on, since its level would be wrong for ever.
    let isCounting: Bool
    /// The series ends here.
    let hasNoValue: Bool
    /// Of the point in its request.
    let index: Int
    let letter: OTLPDeadLetter
    /// With their series; nil for those with something wrong with them.
    let exemplars: [(series: SeriesReference?, exemplar: Exemplar?)]
}

/// Adds points of delta temporality up, series by series, by the rules for a single writer
/// (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#sums-delta-to-cumulative).
package struct OTLPDeltaSum {
    /// Of the series that had one before, and of those that points made.
    private var totals: [SeriesReference: DeltaTotal]
    private var changed: Set<SeriesReference> = []
    private(set) package var request: DecodedRequest
    /// Points that were refused, those included that were before.
    private(set) package var rejectedPoints: Int

    /// - Parameters:
    ///   - totals: those that there are of the points' series, as of the newest commit.
    ///   - body: that was decoded.
    package init(
        _ decoded: DecodedMetrics, totals: [SeriesReference: DeltaTotal], of body: Span<UInt8>,
        _ encoding: OTLPEncoding, _ registry: SeriesRegistry
    ) {
        self.totals = totals
        request = decoded.request
        rejectedPoints = decoded.rejectedPoints
        // An exporter sends the points of a series in order; a collector may not.
        for point in decoded.deltas.sorted(by: { ($0.end, $0.index) < ($1.end, $1.index) }) {
            guard let refusal = add(point) else { continue }
            if request.refusesTooMuch { break }
            refuse(point, refusal, payload: point.letter.payload(body, encoding), registry)
        }
        request.rejected.sort { $0.index < $1.index }
    }

    /// What the totals are after the request; to be written with it.
    package var newTotals: [DeltaTotal] {
        changed.sorted().compactMap { totals[$0] }
    }

    private enum Relation {
        /// It begins where the total ends.
        case next
        /// Nothing came before, or something is missing in between.
        case first
        /// The interval that was added last, sent once more.
        case repeated
        case refused(Refusal)
    }

    /// - Returns: why it is not taken.
    private mutating func add(_ point: OTLPDeltaPoint) -> Refusal? {
        if point.hasNoValue {
            append(point, isEnd: true)
            return nil
        }
        switch relation(point) {
        case .refused(let refusal): return refusal
        case .repeated: break
        case .next: grow(point, isFirst: false)
        case .first: grow(point, isFirst: true)
        }
        append(point, isEnd: false)
        return nil
    }

    private func relation(_ point: OTLPDeltaPoint) -> Relation {
        guard point.start <= point.end else { return .refused(.intervalEndsBeforeStart(point.start, point.end)) }
        let known = point.parts.compactMap { totals[$0.series] }
        guard let first = known.first else { return .first }
        // The parts of a point go together: with other buckets than before it is a new distribution.
        let isWhole =
            known.count == point.parts.count && known.allSatisfy { $0.end == first.end && $0.start == first.start }
        let newest = known.reduce(0) { max($0, $1.end) }
        if point.end == newest, isWhole, point.start == 0 || point.start == first.intervalStart { return .repeated }
        guard point.end > newest else { return .refused(.intervalIsOver(point.end, newest)) }
        guard point.start == 0 || point.start >= newest else { return .refused(.intervalsOverlap(point.start, newest)) }
        guard isWhole else { return .first }
        return point.start == 0 || point.start == newest || !point.isCounting ? .next : .first
    }

    private mutating func grow(_ point: OTLPDeltaPoint, isFirst: Bool) {
        for (series, value) in point.parts {
            let first = DeltaTotal(
                reference: series, start: point.start, intervalStart: point.start, end: point.end, value: value,
                histogram: point.histogram)
            var total = totals[series] ?? first
            if isFirst {
                total = first
            } else {
                total.intervalStart = point.start == 0 ? total.end : point.start
                total.end = point.end
                total.value += value
                if let histogram = point.histogram { total.add(histogram) }
            }
            totals[series] = total
            changed.insert(series)
        }
    }

    /// Appends the totals as samples.
    private mutating func append(_ point: OTLPDeltaPoint, isEnd: Bool) {
        for (series, exemplar) in point.exemplars { request.take(exemplar, of: series) }
        for (series, _) in point.parts {
            request.recordCount += 1
            guard !isEnd, let total = totals[series] else {
                request.batch.append(series, at: point.timestamp, value: .staleMarker)
                continue
            }
            let start = Int64(truncatingIfNeeded: total.start / 1_000_000)
            if point.isCounting, start > 0, start < point.timestamp {
                request.batch.starts.append(
                    RecordStart(sampleIndex: request.batch.count, startTimestamp: start))
            }
            if let histogram = total.histogram {
                request.batch.append(series, at: point.timestamp, histogram: histogram)
            } else {
                request.batch.append(series, at: point.timestamp, value: total.value)
            }
        }
    }

    private mutating func refuse(
        _ point: OTLPDeltaPoint, _ refusal: Refusal, payload: [UInt8], _ registry: SeriesRegistry
    ) {
        rejectedPoints += 1
        request.rejectedExemplars += point.exemplars.count
        request.recordCount += 1
        request.refuse(
            RejectedRecord(
                index: point.index, field: refusal.field, reason: refusal.reason, message: refusal.message,
                payload: payload, sourceID: point.parts.first.flatMap { registry.labels(of: $0.series)["source_id"] }))
    }
}

extension DeltaTotal {
    /// Sums of many intervals may spread over more buckets than one has; beyond this the resolution is halved.
    private static let mostBuckets = 640

    fileprivate mutating func add(_ other: NativeHistogram) {
        guard var sum = histogram, (try? sum.add(other)) != nil else {
            // Exponential histograms are all that comes as such, so they can be added.
            histogram = other
            return
        }
        while sum.positiveBuckets.count + sum.negativeBuckets.count > Self.mostBuckets,
            sum.schema > NativeHistogram.exponentialSchemas.lowerBound
        {
            sum = sum.reduced(to: sum.schema - 1)
        }
        histogram = sum
    }
}

extension Refusal {
    private static func interval(_ message: String) -> Refusal {
        Refusal(.overlappingInterval, field: "startTimeUnixNano", message)
    }

    fileprivate static func intervalEndsBeforeStart(_ start: UInt64, _ end: UInt64) -> Refusal {
        interval("Expected startTimeUnixNano before timeUnixNano, got \(start) and \(end).")
    }

    fileprivate static func intervalIsOver(_ end: UInt64, _ newest: UInt64) -> Refusal {
        interval(
            "Expected an interval behind the one that was added last, which ends at \(newest), got one that ends at \(end): it "
                + "came twice or out of order, or two senders have the same labels (set service.instance.id).")
    }

    fileprivate static func intervalsOverlap(_ start: UInt64, _ newest: UInt64) -> Refusal {
        interval(
            "Expected an interval that begins where the one ends that was added last, at \(newest), or later, got one that begins "
                + "at \(start): two senders may have the same labels (set service.instance.id).")
    }

    static func fallingCounter(_ value: Double) -> Refusal {
        Refusal(
            .unsupportedValue, field: "asDouble",
            "Expected a monotonic sum to grow, got the difference \(value). Send what goes down as a sum that is not monotonic."
        )
    }
}
