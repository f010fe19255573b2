import TelemetryModel
import TimeSeriesStore

/// When sources reported, and how often, over one window: read in stretches of 64 intervals, so that memory does not
/// grow with the window.
struct SourceScan {
    struct Source {
        var samples = 0
        /// Whole intervals with at least one sample.
        var reportedIntervals = 0
        /// The number of the first of them; nil if there is none.
        var firstInterval: Int?
    }

    private(set) var sources: [String: Source] = [:]
    /// Whole intervals in the window, laid from its start.
    let intervalCount: Int

    /// Reads `(from, through]`; interval i is `(from + i · interval, from + (i + 1) · interval]`.
    init(
        _ store: any TimeSeriesStore, _ matchers: [LabelMatcher], from: Int64, through: Int64, interval: Int64,
        budget: QueryBudget
    ) throws {
        intervalCount = Int((through - from) / interval)
        var start = from
        var firstInterval = 0
        while start < through {
            try budget.check()
            let end = min(start + 64 * interval, through)
            let range = TimeRange(from: start + 1, through: end)
            let selected = try store.select(SeriesSelection(matchers: matchers, range: range), budget: budget)
            fold(selected, after: start, interval: interval, firstInterval: firstInterval)
            start = end
            firstInterval += 64
        }
    }

    private mutating func fold(_ selected: [SelectedSeries], after start: Int64, interval: Int64, firstInterval: Int) {
        var reported: [String: UInt64] = [:]
        for series in selected {
            guard let id = series.labels[KPIPlaceholders.sourceLabel] else { continue }
            sources[id, default: Source()].samples += series.samples.count
            var mask: UInt64 = 0
            for time in series.samples.timestamps { mask |= 1 << UInt64((time - start - 1) / interval) }
            reported[id, default: 0] |= mask
        }
        // The last stretch may end in an interval that is cut short.
        let whole = intervalCount - firstInterval
        let wholeMask: UInt64 = whole >= 64 ? .max : (1 << UInt64(max(0, whole))) - 1
        for (id, mask) in reported {
            let bits = mask & wholeMask
            guard bits != 0 else { continue }
            sources[id, default: Source()].reportedIntervals += bits.nonzeroBitCount
            if sources[id]?.firstInterval == nil {
                sources[id]?.firstInterval = firstInterval + bits.trailingZeroBitCount
            }
        }
    }
}
