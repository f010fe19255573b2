import NativeHistograms
import TelemetryModel

extension SeriesDescription {
    /// The classic histograms among `series` as native ones with custom buckets.
    static func nativeHistograms(of series: [SeriesDescription]) -> [SeriesDescription] {
        var order: [LabelSet] = []
        var moments: [LabelSet: [Int: ClassicBuckets]] = [:]
        for description in series {
            let name = description.labels.metricName ?? ""
            guard let suffix = ["_bucket", "_count", "_sum"].first(where: name.hasSuffix) else { continue }
            let upperBound = description.labels["le"].flatMap { Double($0 == "+Inf" ? "inf" : $0) }
            guard suffix != "_bucket" || upperBound != nil else { continue }
            let base = String(name.dropLast(suffix.count))
            let labels = LabelSet(
                description.labels.labels.filter { $0.name != "le" && $0.name != LabelSet.metricNameLabel }
                    + [Label(LabelSet.metricNameLabel, base)])
            if moments[labels] == nil { order.append(labels) }
            for (index, point) in description.points.enumerated() {
                guard case .number(let value) = point else { continue }
                switch (suffix, upperBound) {
                case ("_count", _): moments[labels, default: [:]][index, default: ClassicBuckets()].count = value
                case ("_sum", _): moments[labels, default: [:]][index, default: ClassicBuckets()].sum = value
                case (_, let upperBound?):
                    moments[labels, default: [:]][index, default: ClassicBuckets()].buckets.append(
                        ClassicBuckets.Bucket(upperBound: upperBound, count: value))
                default: continue
                }
            }
        }
        return order.map { labels in
            let histograms = moments[labels] ?? [:]
            let points = (0...(histograms.keys.max() ?? 0)).map { index -> Point in
                guard let classic = histograms[index], !classic.buckets.isEmpty, let histogram = classic.histogram
                else {
                    return .missing
                }
                return .histogram(HistogramDescription(histogram, hasHint: false))
            }
            return SeriesDescription(labels: labels, points: points)
        }
    }
}
