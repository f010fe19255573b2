import Synchronization
package import TelemetryModel
package import TimeSeriesStore

extension EmbeddedStore {
    package func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] {
        try serving { try recordedEvents(selection, budget) }
    }

    private func recordedEvents(_ selection: EventSelection, _ budget: QueryBudget) throws -> [OperationalEvent] {
        let (blocks, recent) = state.withLock { state in
            (state.blocks, (state.leaving?.events ?? []) + state.events.list)
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
