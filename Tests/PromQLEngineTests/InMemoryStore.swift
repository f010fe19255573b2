import TelemetryModel
import TimeSeriesStore

/// A store for tests: a dictionary behind the same protocol as the real ones.
struct InMemoryStore: TimeSeriesStore {
    private(set) var columns: [LabelSet: SampleColumns] = [:]
    private(set) var histograms: [LabelSet: HistogramColumns] = [:]
    private(set) var starts: [LabelSet: StartColumns] = [:]

    /// A sample at a time that is taken replaces the one there.
    mutating func add(_ labels: LabelSet, at timestamp: Int64, _ value: Double) {
        var samples = columns[labels] ?? SampleColumns()
        let position = samples.timestamps.firstIndex { $0 >= timestamp } ?? samples.count
        if position < samples.count, samples.timestamps[position] == timestamp {
            samples.values[position] = value
        } else {
            samples.timestamps.insert(timestamp, at: position)
            samples.values.insert(value, at: position)
        }
        columns[labels] = samples
    }

    mutating func add(_ labels: LabelSet, _ samples: SampleColumns) {
        guard columns[labels] != nil else {
            columns[labels] = samples
            return
        }
        for (timestamp, value) in zip(samples.timestamps, samples.values) { add(labels, at: timestamp, value) }
    }

    /// A histogram at a time that is taken replaces the one there.
    mutating func add(_ labels: LabelSet, _ added: HistogramColumns) {
        var all = histograms[labels] ?? HistogramColumns()
        for (timestamp, histogram) in zip(added.timestamps, added.histograms) {
            let position = all.timestamps.firstIndex { $0 >= timestamp } ?? all.count
            if position < all.count, all.timestamps[position] == timestamp {
                all.histograms[position] = histogram
            } else {
                all.timestamps.insert(timestamp, at: position)
                all.histograms.insert(histogram, at: position)
            }
        }
        histograms[labels] = all
    }

    mutating func add(_ labels: LabelSet, _ added: StartColumns) { starts[labels] = added }

    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        var out: [SelectedSeries] = []
        for labels in all where selection.matchers.allSatisfy({ $0.accepts(labels) }) {
            let samples = (columns[labels] ?? SampleColumns()).part(selection.range)
            let histograms = (histograms[labels] ?? HistogramColumns()).part(selection.range)
            guard !samples.isEmpty || !histograms.isEmpty else { continue }
            try budget.charge(samples: samples.count + histograms.count)
            try budget.charge(series: 1)
            out.append(
                SelectedSeries(
                    labels: labels, samples: samples, histograms: histograms,
                    starts: starts[labels] ?? StartColumns()))
        }
        return out.sorted { $0.labels < $1.labels }
    }

    private var all: Set<LabelSet> { Set(columns.keys).union(histograms.keys) }

    func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        all.filter { labels in
            matcherLists.isEmpty || matcherLists.contains { $0.allSatisfy { $0.accepts(labels) } }
        }.sorted()
    }

    func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [String] {
        Set(try series(matcherLists, in: range, budget: budget).flatMap { $0.labels.map(\.name) }).sorted()
    }

    func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        Set(try series(matcherLists, in: range, budget: budget).compactMap { $0[name] }).sorted()
    }

    func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] { [] }
}

extension [Int64] {
    fileprivate func indices(in range: TimeRange) -> Range<Int> {
        let lower = firstIndex { $0 >= range.from } ?? count
        return lower..<Swift.max(lower, lastIndex { $0 <= range.through }.map { $0 + 1 } ?? 0)
    }
}

extension SampleColumns {
    fileprivate func part(_ range: TimeRange) -> SampleColumns {
        let inside = timestamps.indices(in: range)
        return SampleColumns(timestamps: Array(timestamps[inside]), values: Array(values[inside]))
    }
}

extension HistogramColumns {
    fileprivate func part(_ range: TimeRange) -> HistogramColumns {
        let inside = timestamps.indices(in: range)
        return HistogramColumns(timestamps: Array(timestamps[inside]), histograms: Array(histograms[inside]))
    }
}
