import TelemetryModel
import TimeSeriesStore

/// A store for tests: a dictionary behind the same protocol as the real ones.
struct InMemoryStore: TimeSeriesStore {
    private(set) var columns: [LabelSet: SampleColumns] = [:]

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

    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        var out: [SelectedSeries] = []
        for (labels, samples) in columns where selection.matchers.allSatisfy({ $0.accepts(labels) }) {
            let inside = samples.timestamps.indices.filter { selection.range.contains(samples.timestamps[$0]) }
            guard let first = inside.first, let last = inside.last else { continue }
            try budget.charge(samples: inside.count)
            try budget.charge(series: 1)
            let part = SampleColumns(
                timestamps: Array(samples.timestamps[first...last]), values: Array(samples.values[first...last]))
            out.append(SelectedSeries(labels: labels, samples: part))
        }
        return out.sorted { $0.labels < $1.labels }
    }

    func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        columns.keys.filter { labels in
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
