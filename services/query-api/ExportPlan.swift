import TelemetryModel
import TimeSeriesStore

/// Divides an export into reads of bounded size.
struct ExportPlan: Sendable {
    /// One read: series that lie together in order of labels.
    struct Read: Sendable {
        let matchers: [LabelMatcher]
        let range: TimeRange
        /// In order; the read may find others too, which belong to no export or to another read.
        let series: ArraySlice<LabelSet>
    }

    /// Samples of one read at the most, 16 bytes each.
    static let samplesAtOnce = 2_000_000
    /// 2^53 milliseconds each way: all times that a request can name, and few enough halvings from an end to a moment.
    private static let clampedRange = TimeRange(from: -(1 << 53), through: 1 << 53)

    let matcherLists: [[LabelMatcher]]
    let range: TimeRange
    let series: [LabelSet]

    /// One read per metric. A selection is an "and" of matchers; where the request has several selectors, all of the metric is
    /// read, and `Read.series` says what of it counts.
    func reads() -> [Read] {
        let range = TimeRange(
            from: max(self.range.from, Self.clampedRange.from),
            through: min(self.range.through, Self.clampedRange.through))
        let shared = matcherLists.count == 1 ? matcherLists[0] : []
        var reads: [Read] = []
        var start = 0
        while start < series.count {
            let metric = series[start].metricName ?? ""
            var end = start + 1
            while end < series.count, (series[end].metricName ?? "") == metric { end += 1 }
            let name = LabelMatcher(LabelSet.metricNameLabel, .equal(metric))
            reads.append(Read(matchers: shared + [name], range: range, series: series[start..<end]))
            start = end
        }
        return reads
    }
}

extension ExportPlan.Read {
    /// Smaller reads that together give the same, in the same order; nil if there are none: one series at one moment.
    var parts: [ExportPlan.Read]? {
        if series.count > 1 {
            return series.indices.map { index in
                // Every label, so that the index finds this series and few others.
                let matchers = series[index].labels.map { LabelMatcher($0.name, .equal($0.value)) }
                return ExportPlan.Read(matchers: matchers, range: range, series: series[index...index])
            }
        }
        guard range.from < range.through else { return nil }
        let middle = range.from + (range.through - range.from) / 2
        return [TimeRange(from: range.from, through: middle), TimeRange(from: middle + 1, through: range.through)].map {
            ExportPlan.Read(matchers: matchers, range: $0, series: series)
        }
    }
}
