import NativeHistograms
import TimeSeriesStore

/// Counts the histograms of a column while they are made. One that has its buckets from the one before, as where a sample is
/// the newest at many steps, takes nothing.
struct HistogramMemory {
    private let budget: QueryBudget
    private let steps: Int
    private var previous: NativeHistogram?

    init(_ budget: QueryBudget, steps: Int) {
        self.budget = budget
        self.steps = steps
    }

    mutating func hold(_ point: StepPoint) throws {
        if case .histogram(let histogram) = point { try hold(histogram) }
    }

    mutating func hold(_ histogram: NativeHistogram) throws {
        if let previous {
            if histogram.sharesBuckets(with: previous) { return }
            try budget.hold(bytes: histogram.byteCount)
        } else {
            try budget.hold(bytes: QueryBudget.sum(histogram.byteCount, StepSeries.histogramColumnBytes(steps)))
        }
        previous = histogram
    }
}

extension StepSeries {
    /// What a column of histograms takes without their arrays; bytes.
    static func histogramColumnBytes(_ steps: Int) -> Int {
        QueryBudget.product(steps, MemoryLayout<NativeHistogram?>.stride)
    }

    /// What its histograms take over so many steps; bytes.
    func histogramBytes(_ steps: Int) -> Int {
        guard let histograms else { return 0 }
        var bytes = Self.histogramColumnBytes(steps)
        var previous: NativeHistogram?
        for case let histogram? in histograms {
            if let previous, histogram.sharesBuckets(with: previous) { continue }
            bytes = QueryBudget.sum(bytes, histogram.byteCount)
            previous = histogram
        }
        return bytes
    }
}
