import TelemetryModel

extension OTLPDecoding {
    /// Finds the series of the points that wait, and puts their samples where they belong. What is in `scratch` is gone then.
    mutating func resolve(_ body: Span<UInt8>) {
        let failures = Self.find(&lookUp, series, origins, scratch, decoder.translation)
        // Of the points that wait the first has this index; those of resources are no points.
        var index = result.points - points.count { $0.metric >= 0 }
        for point in points {
            put(point, index: index, failures, body)
            if point.metric >= 0 { index += 1 }
        }
        lookUp.removeAll()
        scratch.removeAll(keepingCapacity: true)
        points.removeAll(keepingCapacity: true)
        series.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
        metrics.removeAll(keepingCapacity: true)
        refusals.removeAll(keepingCapacity: true)
        exemplars.removeAll(keepingCapacity: true)
    }

    private static func find(
        _ lookUp: inout SeriesLookUp, _ series: [Series], _ origins: [OTLPOrigin], _ scratch: [UInt8],
        _ translation: OTLPTranslation
    ) -> [Int: Refusal] {
        var labelsOfOrigins: [Int: Result<OTLPOriginLabels, Refusal>] = [:]
        return lookUp.resolve(in: scratch.span) { (position, key) throws(Refusal) in
            let origin = series[position].origin
            let known =
                labelsOfOrigins[origin] ?? Result { () throws(Refusal) in try origins[origin].labels(translation) }
            labelsOfOrigins[origin] = known
            return try labels(key, try known.get(), scratch.span)
        }
    }

    /// What a key spells.
    private static func labels(
        _ key: SeriesKey, _ origin: OTLPOriginLabels, _ scratch: Span<UInt8>
    ) throws(Refusal) -> LabelSet {
        let kind = OTLPKind(rawValue: scratch[key.first.start + 8]) ?? .gauge
        let nameStart = key.first.start + 17
        let nameEnd = nameStart + Int(truncatingIfNeeded: scratch.word(at: key.first.start + 9))
        var (attributes, part) = (key.second, OTLPPart.value)
        if kind.hasParts {
            attributes.end -= OTLPPart.byteCount
            part = OTLPPart(scratch, at: attributes.end)
        }
        return try OTLPLabels.series(
            kind, name: try scratch.text(ByteRange(start: nameStart, end: nameEnd)),
            unit: try scratch.text(ByteRange(start: nameEnd, end: key.first.end)), part,
            attributes: try OTLPAttributes.read(attributes, scratch), origin: origin)
    }

    @inline(__always)
    private mutating func put(_ point: Point, index: Int, _ failures: [Int: Refusal], _ body: Span<UInt8>) {
        guard point.refusal < 0 else { return refuse(point, index, refusals[point.refusal], body) }
        for position in point.firstSeries..<point.firstSeries + point.seriesCount
        where lookUp.references[position] == nil {
            return refuse(point, index, failures[position] ?? .noMetricName(), body)
        }
        if point.metric < 0 { metadata.noteTargetInfo() }
        if let interval = point.interval { return putDelta(point, interval, index: index) }
        for position in point.firstSeries..<point.firstSeries + point.seriesCount {
            guard let reference = lookUp.references[position] else { continue }
            if point.start > 0 {
                result.request.batch.starts.append(
                    RecordStart(sampleIndex: result.request.batch.count, startTimestamp: point.start))
            }
            result.request.recordCount &+= 1
            if !histograms.isEmpty, let histogram = histograms[position] {
                result.request.batch.append(reference, at: point.timestamp, histogram: histogram)
            } else {
                result.request.batch.append(reference, at: point.timestamp, value: series[position].value)
            }
        }
        if point.exemplarCount > 0 { putExemplars(of: point) }
    }

    /// Keeps a point until the totals are known to which it is to be added.
    private mutating func putDelta(
        _ point: Point, _ interval: (start: UInt64, end: UInt64), index: Int
    ) {
        var parts: [(series: SeriesReference, value: Double)] = []
        for position in point.firstSeries..<point.firstSeries + point.seriesCount {
            if let reference = lookUp.references[position] { parts.append((reference, series[position].value)) }
        }
        let metric = metrics[point.metric]
        let letter = OTLPDeadLetter(places: metric.places, metric: metric, point: point.range)
        result.deltaSamples += parts.count
        result.deltas.append(
            OTLPDeltaPoint(
                parts: parts, histogram: histograms[point.firstSeries], start: interval.start, end: interval.end,
                timestamp: point.timestamp, isCounting: metric.isCounting, hasNoValue: point.hasNoValue, index: index,
                letter: letter, exemplars: exemplars(of: point)))
    }

    /// What is kept is a request with this one point.
    private mutating func refuse(_ point: Point, _ index: Int, _ refusal: Refusal, _ body: Span<UInt8>) {
        result.request.rejectedExemplars += point.exemplarCount
        let origin = try? origins[point.origin].labels(decoder.translation)
        let letter = OTLPDeadLetter(
            places: point.metric < 0 ? origins[point.origin].places : metrics[point.metric].places,
            metric: point.metric < 0 ? nil : metrics[point.metric], point: point.range)
        if point.metric < 0 {
            // A resource of which nothing is to be said is none that was refused; and why one cannot be read is said of its points.
            guard let origin, origin.hasInfo else { return }
        } else {
            result.rejectedPoints += 1
        }
        result.request.recordCount += 1
        guard !result.request.refusesTooMuch else { return }
        result.request.refuse(
            RejectedRecord(
                index: index, field: refusal.field, reason: refusal.reason, message: refusal.message,
                payload: letter.payload(body, encoding), sourceID: sourceID(point, origin),
                parameters: encoding.parameters))
    }

    /// The label `source_id` that the point's series would have.
    private func sourceID(_ point: Point, _ origin: OTLPOriginLabels?) -> String? {
        let attributes = (try? OTLPAttributes.read(point.attributes, scratch.span)).flatMap {
            try? OTLPLabels.merged($0)
        }
        let labels = (attributes ?? []) + (origin?.promoted ?? [])
        return labels.first { $0.name == "source_id" }?.value
    }
}

extension OTLPKind {
    /// Whether a point has several series.
    var hasParts: Bool { self == .histogram || self == .summary }
}
