import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Samples of one series for functions over windows. Stale markers may be among them, to be left out where the samples
/// are looked at, while they are in the processor's cache.
struct WindowedSeries: Sendable {
    let labels: LabelSet
    let dropsName: Bool
    let samples: SampleColumns
    /// Samples that are native histograms. No time is both here and in `samples`.
    var histograms = HistogramColumns()
    /// When the counting of some samples began, numbers or histograms.
    var starts = StartColumns()
    /// Stand for samples that are not in `samples`; only where they were asked for.
    var summaries: [SampleSummary] = []
}

extension WindowedSeries {
    init(_ series: SelectedSeries) {
        self.init(
            labels: series.labels, dropsName: false, samples: series.samples, histograms: series.histograms,
            starts: series.starts, summaries: series.summaries)
    }
}

/// A range vector over a grid: at every step, the samples of a window that is open on the left and closed on the right.
struct WindowSet: Sendable {
    enum Source: Sendable {
        /// Of a subquery.
        case series([WindowedSeries])
        /// Read when it is gone over, a few series at a time.
        case selection(SeriesSelection)
    }

    let source: Source
    /// Where the range vector stands in the query.
    let range: Range<Int>
    let grid: StepGrid
    /// Milliseconds.
    let length: Int64
    let shift: Int64
    /// The moment of evaluation for all steps, if `@` pins it.
    let pinned: Int64?

    /// Where the windows end.
    var ends: MomentTrack { MomentTrack(grid, pinned: pinned, shift: shift) }

    /// The same with every sample in place of summaries.
    var withoutSummaries: WindowSet {
        guard case .selection(let selection) = source else { return self }
        return WindowSet(
            source: .selection(SeriesSelection(matchers: selection.matchers, range: selection.range)), range: range,
            grid: grid, length: length, shift: shift, pinned: pinned)
    }
}

/// What a function made of one series.
struct WindowOutcome: Sendable {
    /// Nil if it has no value at any step.
    let series: StepSeries?
    var remarks: [WindowRemarks.Remark] = []
}

extension Evaluation {
    /// What `evaluate` makes of each series, on several threads. Remarks are kept in the order of the series, whichever thread
    /// made them.
    func outcomes(
        _ windows: WindowSet, _ evaluate: @Sendable (WindowedSeries) throws -> WindowOutcome
    ) throws -> [StepSeries] {
        let outcomes = try map(windows) { [budget] series -> WindowOutcome? in
            try budget.charge(samples: windows.grid.count)
            let outcome = try evaluate(series)
            return outcome.series == nil && outcome.remarks.isEmpty ? nil : outcome
        }
        for outcome in outcomes {
            for remark in outcome.remarks { annotations.add(remark.kind, remark.text, at: windows.range) }
        }
        return outcomes.compactMap(\.series)
    }

    /// All series at once.
    func series(of windows: WindowSet) throws -> [WindowedSeries] { try map(windows) { $0 } }

    private func map<Output: Sendable>(
        _ windows: WindowSet, _ transform: @Sendable (WindowedSeries) throws -> Output?
    ) throws -> [Output] {
        switch windows.source {
        case .series(let series):
            let samples = series.reduce(0) { $0 + $1.samples.count + $1.histograms.count }
            return try ParallelChunks.map(series, samples: samples) { try $0.compactMap(transform) }
        case .selection(let selection):
            return try select(selection, at: windows.range, steps: windows.grid.count) {
                try transform(WindowedSeries($0))
            }
        }
    }
}
