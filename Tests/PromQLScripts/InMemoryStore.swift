package import TelemetryModel
package import TimeSeriesStore

/// A store for tests: a dictionary behind the same protocol as the real ones.
package struct InMemoryStore: TimeSeriesStore {
    package private(set) var columns: [LabelSet: SampleColumns] = [:]
    package private(set) var histograms: [LabelSet: HistogramColumns] = [:]
    package private(set) var starts: [LabelSet: StartColumns] = [:]

    package init() {}

    /// A sample at a time that is taken replaces the one there.
    package mutating func add(_ labels: LabelSet, at timestamp: Int64, _ value: Double) {
        var samples = columns[labels] ?? SampleColumns()
        Self.put(value, at: timestamp, into: &samples.values, &samples.timestamps)
        columns[labels] = samples
    }

    package mutating func add(_ labels: LabelSet, _ samples: SampleColumns) {
        guard columns[labels] != nil else {
            columns[labels] = samples
            return
        }
        for (timestamp, value) in zip(samples.timestamps, samples.values) { add(labels, at: timestamp, value) }
    }

    /// A histogram at a time that is taken replaces the one there.
    package mutating func add(_ labels: LabelSet, _ added: HistogramColumns) {
        var all = histograms[labels] ?? HistogramColumns()
        for (timestamp, histogram) in zip(added.timestamps, added.histograms) {
            Self.put(histogram, at: timestamp, into: &all.histograms, &all.timestamps)
        }
        histograms[labels] = all
    }

    /// In order of time; in place of what is there at that time.
    private static func put<Value>(
        _ value: Value, at timestamp: Int64, into values: inout [Value], _ timestamps: inout [Int64]
    ) {
        let position = timestamps.firstIndex { $0 >= timestamp } ?? timestamps.count
        if position < timestamps.count, timestamps[position] == timestamp {
            values[position] = value
        } else {
            timestamps.insert(timestamp, at: position)
            values.insert(value, at: position)
        }
    }

    /// What is said of a time that is taken replaces what was.
    package mutating func add(_ labels: LabelSet, _ added: StartColumns) {
        var all = Dictionary(uniqueKeysWithValues: zip(added.timestamps, added.starts))
        if let known = starts[labels] {
            all.merge(zip(known.timestamps, known.starts)) { new, _ in new }
        }
        let sorted = all.sorted { $0.key < $1.key }
        starts[labels] = StartColumns(timestamps: sorted.map(\.key), starts: sorted.map(\.value))
    }

    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
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

    package func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        all.filter { labels in
            matcherLists.isEmpty || matcherLists.contains { $0.allSatisfy { $0.accepts(labels) } }
        }.sorted()
    }

    package func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws
        -> [String]
    {
        Set(try series(matcherLists, in: range, budget: budget).flatMap { $0.labels.map(\.name) }).sorted()
    }

    package func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        Set(try series(matcherLists, in: range, budget: budget).compactMap { $0[name] }).sorted()
    }

    package func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] { [] }
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
