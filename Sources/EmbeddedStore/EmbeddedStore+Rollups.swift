import Synchronization
import TelemetryModel
import TimeSeriesStore

/// Days of which only summaries are left.
extension EmbeddedStore {
    func rollups(in range: TimeRange) -> [Block] {
        state.withLock { state in
            RollupTier.allCases.flatMap { state.rollups[$0] ?? [] }.filter { $0.range.overlaps(range) }
        }
    }

    /// What rollups have in the range, in label order: summaries of the buckets if the selection takes them, otherwise the last
    /// value of each bucket, at its end. Where there are both tiers of a day, the finer one.
    func selectFromRollups(_ selection: SeriesSelection, _ budget: QueryBudget) throws -> [PartialSeries] {
        let tiers = state.withLock { $0.rollups }
        guard !tiers.isEmpty else { return [] }
        var found: [PartialSeries] = []
        var seen: [Int64: Set<LabelSet>] = [:]
        for tier in RollupTier.allCases {
            for block in tiers[tier] ?? [] where block.range.overlaps(selection.range) {
                let part = try select(selection, fromRollup: block, tier, budget)
                found = PartialSeries.merged(found, part.filter { seen[block.name.from]?.contains($0.labels) != true })
                if tier == .fiveMinutes { seen[block.name.from, default: []].formUnion(part.map(\.labels)) }
            }
        }
        return found
    }

    private func select(
        _ selection: SeriesSelection, fromRollup block: Block, _ tier: RollupTier, _ budget: QueryBudget
    ) throws -> [PartialSeries] {
        let ids = try block.ids(matching: selection.matchers)
        try budget.charge(series: ids.count)
        let labels = try block.labels(of: ids)
        var found: [PartialSeries] = []
        try block.readRollups(ids, in: selection.range, budget: budget) { position, columns in
            var part = PartialSeries(labels: labels[position], parts: [])
            if let windows = selection.windows {
                part.summaries = columns.summaries(length: tier.bucket, windows: windows)
            } else {
                part.parts = [SampleColumns(timestamps: columns.ends, values: columns.last)]
            }
            found.append(part)
        }
        return found
    }
}
