import TelemetryModel

extension OTLPDecoding {
    /// Takes an exemplar of the point that is being read; nil for one that cannot be read. The reader counts it in the point's
    /// head.
    mutating func append(_ exemplar: OTLPExemplar?) {
        result.exemplars += 1
        exemplars.append(exemplar ?? OTLPExemplar())
    }

    /// Puts the exemplars of a point that is taken to its series.
    mutating func putExemplars(of point: Point) {
        for exemplar in exemplars(of: point) { result.request.take(exemplar.exemplar, of: exemplar.series) }
    }

    /// The exemplars of a point with the series that each belongs to, as Prometheus' translation has it: of a histogram with
    /// listed buckets, the bucket with the smallest bound that is not below the value; of anything else its only series.
    func exemplars(of point: Point) -> [(series: SeriesReference?, exemplar: Exemplar?)] {
        guard point.exemplarCount > 0 else { return [] }
        let buckets = buckets(of: point)
        return exemplars[point.firstExemplar..<point.firstExemplar + point.exemplarCount].map { written in
            let exemplar = written.exemplar(pointTime: point.timestamp)
            let position = buckets.isEmpty ? point.firstSeries : Self.position(of: exemplar?.value ?? .nan, in: buckets)
            return (position.flatMap { lookUp.references[$0] }, exemplar)
        }
    }

    /// Nil for what is no number, which no bucket counts. By halves: there may be thousands of buckets, and of exemplars.
    private static func position(of value: Double, in buckets: [(bound: Double, position: Int)]) -> Int? {
        var (low, high) = (0, buckets.count)
        while low < high {
            let middle = (low + high) / 2
            if value <= buckets[middle].bound { high = middle } else { low = middle + 1 }
        }
        return low < buckets.count ? buckets[low].position : nil
    }

    /// The positions of a point's buckets, with their bounds ascending, as they were appended; none for other kinds.
    private func buckets(of point: Point) -> [(bound: Double, position: Int)] {
        guard point.metric >= 0, metrics[point.metric].kind == .histogram else { return [] }
        return (point.firstSeries..<point.firstSeries + point.seriesCount).compactMap { position in
            let part = OTLPPart(scratch.span, at: series[position].key.second.end - OTLPPart.byteCount)
            if case .bucket(let bound) = part { return (bound, position) }
            return nil
        }
    }
}
