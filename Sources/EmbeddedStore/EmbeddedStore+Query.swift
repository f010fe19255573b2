import Synchronization
package import TelemetryModel
package import TimeSeriesStore

extension EmbeddedStore: TimeSeriesStore {
    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        let snapshot = snapshot(matching: selection.matchers, range: selection.range)
        var parts: [LabelSet: [SampleColumns]] = [:]
        for block in snapshot.blocks {
            let ids = try block.ids(matching: selection.matchers)
            let labels = try block.allLabels()
            try budget.charge(series: ids.count)
            for id in ids {
                let columns = try block.samples(of: id, in: selection.range)
                guard !columns.isEmpty else { continue }
                try budget.charge(samples: columns.count)
                parts[labels[id], default: []].append(columns)
            }
        }
        for entry in snapshot.columns {
            var columns = SampleColumns()
            for column in entry.columns { try column.read(selection.range, into: &columns) }
            guard !columns.isEmpty else { continue }
            try budget.charge(series: 1)
            try budget.charge(samples: columns.count)
            parts[entry.labels, default: []].append(columns)
        }
        return parts.map { labels, columns in
            SelectedSeries(labels: labels, samples: SampleColumns.merged(columns).columns)
        }.sorted { $0.labels < $1.labels }
    }

    package func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        var found: Set<LabelSet> = []
        for matchers in matcherLists.isEmpty ? [[]] : matcherLists {
            let snapshot = snapshot(matching: matchers, range: range)
            for entry in snapshot.columns where !found.contains(entry.labels) {
                if entry.columns.contains(where: { $0.hasSamples(in: range) }) { found.insert(entry.labels) }
            }
            for block in snapshot.blocks {
                let labels = try block.allLabels()
                for id in try block.ids(matching: matchers) where !found.contains(labels[id]) {
                    if try block.hasSamples(of: id, in: range) { found.insert(labels[id]) }
                }
                try budget.check()
            }
        }
        try budget.charge(series: found.count)
        return found.sorted()
    }

    package func labelNames(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        var names: Set<String> = []
        for labels in try series(matcherLists, in: range, budget: budget) {
            for label in labels.labels { names.insert(label.name) }
        }
        return names.sorted { $0.isOrderedBeforeByBytes($1) }
    }

    package func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        var values: Set<String> = []
        for labels in try series(matcherLists, in: range, budget: budget) {
            if let value = labels[name] { values.insert(value) }
        }
        return values.sorted { $0.isOrderedBeforeByBytes($1) }
    }

    package func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] {
        let (blocks, recent) = state.withLock { state in
            (state.blocks, (state.detached?.events ?? []) + state.head.events)
        }
        let accepts = { (event: OperationalEvent) in selection.accepts(event) }
        var events = recent.filter(accepts)
        for block in blocks where block.range.overlaps(selection.range) {
            try budget.check()
            events += try block.events(in: selection.range, limit: selection.limit, where: accepts)
        }
        // Newest first; of equal times the one that came last.
        return events.enumerated().sorted { ($0.element.timestamp, $0.offset) > ($1.element.timestamp, $1.offset) }
            .prefix(selection.limit).map(\.element)
    }

    private struct Snapshot {
        var blocks: [Block]
        /// What is in memory, the detached before the head's.
        var columns: [(labels: LabelSet, columns: [WindowColumn])]
    }

    /// Everything that overlaps the range, as of one moment. Columns are shared, not copied, until the next append.
    private func snapshot(matching matchers: [LabelMatcher], range: TimeRange) -> Snapshot {
        state.withLock { state in
            var columns: [(labels: LabelSet, columns: [WindowColumn])] = []
            func add(_ labels: LabelSet, _ all: [WindowColumn]) {
                let overlapping = all.filter {
                    $0.window <= range.through && $0.window + (Head.windowLength - 1) >= range.from
                }
                if !overlapping.isEmpty { columns.append((labels, overlapping)) }
            }
            for entry in state.detached?.series ?? [] where matchers.allSatisfy({ $0.accepts(entry.labels) }) {
                add(entry.labels, entry.columns)
            }
            let head = state.head
            for id in head.index.candidates(for: matchers, count: head.series.count) {
                let series = head.series[id]
                if matchers.allSatisfy({ $0.accepts(series.labels) }) { add(series.labels, series.columns) }
            }
            return Snapshot(blocks: state.blocks.filter { $0.range.overlaps(range) }, columns: columns)
        }
    }
}

extension EventSelection {
    func accepts(_ event: OperationalEvent) -> Bool {
        guard range.contains(event.timestamp) else { return false }
        if let sourceID, event.labels["source_id"] != sourceID { return false }
        if let minimumSeverity, (event.severity ?? .info) < minimumSeverity { return false }
        guard let text, !text.isEmpty else { return true }
        let wanted = text.lowercased()
        return (event.message ?? "").lowercased().contains(wanted)
            || (event.labels.metricName ?? "").lowercased().contains(wanted)
    }
}
