package import TelemetryModel
package import TimeSeriesStore

/// A store in a dictionary: what the query side is tested against where files do not matter.
package struct MemoryStore: TimeSeriesStore {
    private var columns: [LabelSet: SampleColumns] = [:]
    private var stored: [OperationalEvent] = []
    private var exemplars: [LabelSet: [Exemplar]] = [:]
    /// Runs at the start of every read, on the reading thread.
    package var onRead: @Sendable (QueryBudget) throws -> Void = { _ in }

    /// Sees what is selected.
    package var onSelection: @Sendable (SeriesSelection) -> Void = { _ in }
    /// Whether a selection that may be answered with a summary is.
    package var summarises = false

    package init() {}

    /// Samples of a series, milliseconds and values, in ascending order of time.
    package mutating func add(_ labels: KeyValuePairs<String, String>, _ samples: [(Int64, Double)]) {
        var own = columns[LabelSet(labels)] ?? SampleColumns()
        own.timestamps += samples.map(\.0)
        own.values += samples.map(\.1)
        columns[LabelSet(labels)] = own
    }

    package mutating func add(_ event: OperationalEvent) { stored.append(event) }

    /// In ascending order of time.
    package mutating func add(_ labels: KeyValuePairs<String, String>, exemplars added: [Exemplar]) {
        exemplars[LabelSet(labels), default: []] += added
    }

    package func exemplars(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [SeriesExemplars] {
        try onRead(budget)
        let found = exemplars.compactMap { labels, exemplars -> SeriesExemplars? in
            let inRange = exemplars.filter { range.contains($0.timestamp) }
            let isSelected = matcherLists.contains { $0.allSatisfy { $0.accepts(labels) } }
            return isSelected && !inRange.isEmpty ? SeriesExemplars(labels: labels, exemplars: inRange) : nil
        }
        try budget.charge(samples: found.reduce(0) { $0 + $1.exemplars.count })
        return found.sorted { $0.labels < $1.labels }
    }

    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        try onRead(budget)
        onSelection(selection)
        var selected: [SelectedSeries] = []
        for (labels, own) in columns where selection.matchers.allSatisfy({ $0.accepts(labels) }) {
            var samples = SampleColumns()
            for (time, value) in zip(own.timestamps, own.values) where selection.range.contains(time) {
                samples.timestamps.append(time)
                samples.values.append(value)
            }
            guard !samples.isEmpty else { continue }
            let summaries = summarises ? Self.summaries(of: samples, for: selection) : []
            selected.append(
                SelectedSeries(
                    labels: labels, samples: summaries.isEmpty ? samples : SampleColumns(), summaries: summaries))
        }
        try budget.charge(series: selected.count)
        try budget.charge(samples: selected.reduce(0) { $0 + $1.samples.count + $1.summaries.count })
        return selected.sorted { $0.labels < $1.labels }
    }

    /// One of all, if no window has a part of them.
    private static func summaries(of samples: SampleColumns, for selection: SeriesSelection) -> [SampleSummary] {
        guard let windows = selection.windows, let first = samples.timestamps.first, let last = samples.timestamps.last,
            let minimum = samples.values.min(), let maximum = samples.values.max(), !windows.separates(first, last)
        else { return [] }
        return [
            SampleSummary(
                firstTimestamp: first, lastTimestamp: last, count: samples.count, sum: samples.values.reduce(0, +),
                minimum: minimum, maximum: maximum)
        ]
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
