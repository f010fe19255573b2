import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// The bucket series of a classic histogram, which differ in `le` only.
struct BucketGroup {
    /// Without `le`.
    let labels: LabelSet
    /// Sorted by bound after gathering.
    var buckets: [(upperBound: Double, values: [Double])] = []

    /// Nil if there is no bucket at this step.
    func histogram(at step: Int) -> ClassicHistogram? {
        let present = buckets.compactMap { bucket in
            bucket.values[step].isAbsent
                ? nil : ClassicHistogram.Bucket(upperBound: bucket.upperBound, count: bucket.values[step])
        }
        return present.isEmpty ? nil : ClassicHistogram(present)
    }

    func isPresent(at step: Int) -> Bool { buckets.contains { $0.values[step].isPresent } }

    mutating func remove(at step: Int) {
        for index in buckets.indices { buckets[index].values[step] = .absent }
    }
}

/// The histograms of a vector, classic and native ones.
struct HistogramVector {
    private(set) var classic: [BucketGroup] = []
    /// Elements that are a native histogram somewhere.
    private(set) var native: [StepSeries] = []

    /// Where a histogram is there in both forms, neither is used.
    init(
        _ vector: [StepSeries], at range: Range<Int>, _ annotations: AnnotationList, _ budget: QueryBudget
    ) throws {
        var meter = BudgetMeter(budget)
        var positions: [LabelSet: Int] = [:]
        for element in vector {
            try meter.add(2 * BudgetMeter.element)
            if element.histograms != nil { native.append(element) }
            let bound = element.labels["le"] ?? ""
            guard let upperBound = Double(bucketBound: bound) else {
                if element.values.contains(where: \.isPresent) {
                    annotations.warn(
                        HistogramRemark.malformedBound(bound, element.labels.metricName ?? ""), at: range)
                }
                continue
            }
            guard element.histograms == nil || element.values.contains(where: \.isPresent) else { continue }
            let labels = element.labels.dropping(["le"])
            let position = positions[labels] ?? classic.count
            if position == classic.count {
                positions[labels] = position
                classic.append(BucketGroup(labels: labels))
            }
            classic[position].buckets.append((upperBound, element.values))
        }
        for index in classic.indices { classic[index].buckets.sort { $0.upperBound < $1.upperBound } }
        for index in native.indices {
            try meter.add(BudgetMeter.element + native[index].values.count)
            guard let position = positions[native[index].labels.dropping(["le"])] else { continue }
            resolve(native: index, classic: position, at: range, annotations)
        }
    }

    private mutating func resolve(
        native: Int, classic position: Int, at range: Range<Int>, _ annotations: AnnotationList
    ) {
        var isMixed = false
        for step in self.native[native].values.indices {
            guard self.native[native].histograms?[step] != nil, classic[position].isPresent(at: step) else { continue }
            isMixed = true
            classic[position].remove(at: step)
            self.native[native].histograms?[step] = nil
        }
        guard isMixed else { return }
        annotations.warn(HistogramRemark.mixedWithClassic(self.native[native].labels.metricName ?? ""), at: range)
    }
}

extension Double {
    /// What Go's `strconv.ParseFloat` reads, as far as bucket bounds are written: `0.1`, `.2`, `1e0`, `+Inf`, `inf`.
    init?(bucketBound text: String) {
        let lower = text.lowercased()
        switch lower {
        case "inf", "+inf", "infinity", "+infinity": self = .infinity
        case "-inf", "-infinity": self = -.infinity
        default:
            let sign = lower.prefix { $0 == "-" || $0 == "+" }
            let digits = lower.dropFirst(sign.count)
            guard sign.count <= 1, digits.first?.isNumber == true || digits.first == ".",
                let value = Double(sign + (digits.hasPrefix(".") ? "0" : "") + digits)
            else { return nil }
            self = value
        }
    }
}
