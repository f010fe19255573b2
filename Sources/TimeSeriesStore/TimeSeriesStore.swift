package import NativeHistograms
package import TelemetryModel

/// What the query side needs of a store. Calls block their thread (they read files), so they are made from query threads,
/// never from Swift's cooperative pool. Thread-safe.
package protocol TimeSeriesStore: Sendable {
    /// All series that satisfy every matcher and have at least one sample in the range, ordered by labels, with those
    /// samples in ascending order of time and no timestamp twice.
    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries]

    /// What `transform` makes of each series that `select` would give, in the same order, without those of which it makes
    /// nothing. A store that can, hands series over as they are read, on several threads, and never has all in memory.
    ///
    /// - Parameter transform: may be called again for a series, if what was read turns out to be of no use.
    func select<Output: Sendable>(
        _ selection: SeriesSelection, budget: QueryBudget,
        transform: @Sendable (SelectedSeries) throws -> Output?
    ) throws -> [Output]

    /// The label sets with data in the range that satisfy at least one of the matcher lists (each list: all of it), ordered.
    /// An empty `matcherLists` means every series.
    func series(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [LabelSet]

    func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [String]

    func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String]

    /// Operational events, newest first, at most `selection.limit`.
    func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent]

    /// The exemplars in the range of all series that satisfy at least one of the matcher lists (each list: all of it), ordered
    /// by series; series without any are left out.
    func exemplars(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [SeriesExemplars]
}

extension TimeSeriesStore {
    package func select<Output: Sendable>(
        _ selection: SeriesSelection, budget: QueryBudget,
        transform: @Sendable (SelectedSeries) throws -> Output?
    ) throws -> [Output] {
        let selected = try select(selection, budget: budget)
        let samples = selected.reduce(0) { $0 + $1.samples.count + $1.histograms.count + $1.summaries.count }
        return try ParallelChunks.map(selected, samples: samples) { try $0.compactMap(transform) }
    }
}

/// Both ends inclusive, milliseconds since 1970-01-01T00:00:00Z.
package struct TimeRange: Hashable, Sendable {
    package let from: Int64
    package let through: Int64

    package static let all = TimeRange(from: .min, through: .max)

    package init(from: Int64, through: Int64) {
        self.from = from
        self.through = through
    }

    package func contains(_ timestamp: Int64) -> Bool { from <= timestamp && timestamp <= through }
    package func overlaps(_ other: TimeRange) -> Bool { from <= other.through && other.from <= through }
}

package struct SeriesSelection: Sendable {
    package let matchers: [LabelMatcher]
    package let range: TimeRange
    /// The windows that will be slid over the samples, if their count, sum, smallest and largest value are all that is
    /// wanted of them: the store may then answer with summaries where no window begins or ends.
    package let windows: WindowGrid?
    /// True if of each series only the newest sample in the range will be looked at: the store may leave out all others.
    package let isNewestEnough: Bool

    package init(
        matchers: [LabelMatcher], range: TimeRange, windows: WindowGrid? = nil, isNewestEnough: Bool = false
    ) {
        self.matchers = matchers
        self.range = range
        self.windows = windows
        self.isNewestEnough = isNewestEnough
    }
}

/// Columns of equal length, ascending by time.
package struct SampleColumns: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var timestamps: [Int64]
    package var values: [Double]

    package init(timestamps: [Int64] = [], values: [Double] = []) {
        self.timestamps = timestamps
        self.values = values
    }

    package var count: Int { timestamps.count }
    package var isEmpty: Bool { timestamps.isEmpty }
}

/// Columns of equal length, ascending by time.
package struct HistogramColumns: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var timestamps: [Int64]
    package var histograms: [NativeHistogram]

    package init(timestamps: [Int64] = [], histograms: [NativeHistogram] = []) {
        self.timestamps = timestamps
        self.histograms = histograms
    }

    package var count: Int { timestamps.count }
    package var isEmpty: Bool { timestamps.isEmpty }
}

/// When the counting of some samples began; columns of equal length, ascending by time.
package struct StartColumns: Sendable, Hashable {
    /// Times of the samples, milliseconds since 1970-01-01T00:00:00Z.
    package var timestamps: [Int64]
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var starts: [Int64]

    package init(timestamps: [Int64] = [], starts: [Int64] = []) {
        self.timestamps = timestamps
        self.starts = starts
    }

    package var isEmpty: Bool { timestamps.isEmpty }
}

package struct SelectedSeries: Sendable {
    package let labels: LabelSet
    /// Samples that are numbers, stale markers included.
    package let samples: SampleColumns
    /// Samples that are native histograms. No time is both here and in `samples`.
    package let histograms: HistogramColumns
    /// Of those samples, numbers or histograms, whose sender said when their counting began.
    package let starts: StartColumns
    /// Stand for samples that are not in `samples`; ascending by time, disjoint. Empty unless the selection had `windows`.
    package let summaries: [SampleSummary]

    package init(
        labels: LabelSet, samples: SampleColumns, histograms: HistogramColumns = HistogramColumns(),
        starts: StartColumns = StartColumns(), summaries: [SampleSummary] = []
    ) {
        self.labels = labels
        self.samples = samples
        self.histograms = histograms
        self.starts = starts
        self.summaries = summaries
    }
}

package struct EventSelection: Sendable {
    package var range: TimeRange
    package var sourceID: String?
    package var minimumSeverity: Severity?
    /// Case-insensitive substring of message or metric name.
    package var text: String?
    package var limit: Int

    package init(
        range: TimeRange, sourceID: String? = nil, minimumSeverity: Severity? = nil, text: String? = nil, limit: Int
    ) {
        self.range = range
        self.sourceID = sourceID
        self.minimumSeverity = minimumSeverity
        self.text = text
        self.limit = limit
    }
}
