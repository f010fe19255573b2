package import TelemetryModel
package import TimeSeriesStore

/// A store in a dictionary: what the query side is tested against where files do not matter.
package struct MemoryStore: TimeSeriesStore {
    private var columns: [LabelSet: SampleColumns] = [:]
    private var stored: [OperationalEvent] = []
    /// Runs at the start of every read, on the reading thread.
    package var onRead: @Sendable (QueryBudget) throws -> Void = { _ in }

    package init() {}

    /// Samples of a series, milliseconds and values, in ascending order of time.
    package mutating func add(_ labels: KeyValuePairs<String, String>, _ samples: [(Int64, Double)]) {
        var own = columns[LabelSet(labels)] ?? SampleColumns()
        own.timestamps += samples.map(\.0)
        own.values += samples.map(\.1)
        columns[LabelSet(labels)] = own
    }

    package mutating func add(_ event: OperationalEvent) { stored.append(event) }

    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        try onRead(budget)
        var selected: [SelectedSeries] = []
        for (labels, own) in columns where selection.matchers.allSatisfy({ $0.accepts(labels) }) {
            var samples = SampleColumns()
            for (time, value) in zip(own.timestamps, own.values) where selection.range.contains(time) {
                samples.timestamps.append(time)
                samples.values.append(value)
            }
            if !samples.isEmpty { selected.append(SelectedSeries(labels: labels, samples: samples)) }
        }
        try budget.charge(series: selected.count)
        try budget.charge(samples: selected.reduce(0) { $0 + $1.samples.count })
        return selected.sorted { $0.labels < $1.labels }
    }

    package func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        try onRead(budget)
        return columns.filter { labels, own in
            own.timestamps.contains { range.contains($0) }
                && (matcherLists.isEmpty || matcherLists.contains { $0.allSatisfy { $0.accepts(labels) } })
        }
        .keys.sorted()
    }

    package func labelNames(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        Set(try series(matcherLists, in: range, budget: budget).flatMap { $0.labels.map(\.name) }).sorted()
    }

    package func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        Set(try series(matcherLists, in: range, budget: budget).compactMap { $0[name] }).sorted()
    }

    package func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] {
        try onRead(budget)
        let wanted = stored.filter { event in
            let text = [event.message ?? "", event.labels.metricName ?? ""].map { $0.lowercased() }
            return selection.range.contains(event.timestamp)
                && (selection.sourceID == nil || event.labels["source_id"] == selection.sourceID)
                && (selection.minimumSeverity.map { (event.severity ?? .debug) >= $0 } ?? true)
                && (selection.text.map { wanted in text.contains { $0.contains(wanted.lowercased()) } } ?? true)
        }
        return Array(wanted.sorted { $0.timestamp > $1.timestamp }.prefix(selection.limit))
    }
}
