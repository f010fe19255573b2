import Synchronization
import TelemetryModel
package import TimeSeriesStore

extension EmbeddedStore: TimeSeriesStore {
    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        try select(selection, budget: budget) { $0 }
    }

    package func select<Output: Sendable>(
        _ selection: SeriesSelection, budget: QueryBudget,
        transform: @Sendable (SelectedSeries) throws -> Output?
    ) throws -> [Output] {
        try serving { try selectOnce(selection, budget, transform) }
    }

    private func selectOnce<Output: Sendable>(
        _ selection: SeriesSelection, _ budget: QueryBudget,
        _ transform: @Sendable (SelectedSeries) throws -> Output?
    ) throws -> [Output] {
        if isHeadAlone(in: selection.range) {
            let found = try selectFromHead(selection, budget) { try transform($0.selected) }
            // What has left the head meanwhile may have been missed.
            if isHeadAlone(in: selection.range) { return found }
        }
        let view = headView()
        // The head first: what leaves it meanwhile is in a block by the time that the blocks are looked at, and what is seen
        // twice is merged into one.
        let recent = try selectFromHead(selection, budget) { $0 }
        let blocks = blocks(in: selection.range)
        let older = try selectFromRollups(selection, budget)
        let found = try ParallelChunks.map(blocks, length: EmbeddedStore.blocksAtOnce) { part in
            try part.map { block -> (source: SelectionSource, labels: [LabelSet]) in
                let isAlone =
                    !view.contains { block.range.contains($0) }
                    && !blocks.contains { $0 !== block && $0.range.overlaps(block.range) }
                let ids = try block.ids(matching: selection.matchers)
                try budget.charge(series: ids.count)
                return (
                    .block(block, ids: ids, windows: isAlone ? selection.windows : nil), try block.labels(of: ids)
                )
            }
        }
        let reader = SelectionReader(
            range: selection.range, sources: [.parts(older)] + found.map(\.source) + [.parts(recent)],
            places: SeriesPlaces([older.map(\.labels)] + found.map(\.labels) + [recent.map(\.labels)]), budget: budget)
        return try reader.map(transform)
    }

    /// Blocks that one thread looks through one after the other.
    private static let blocksAtOnce = 4

    private func isHeadAlone(in range: TimeRange) -> Bool {
        state.withLock { state in
            !state.blocks.contains { $0.range.overlaps(range) }
                && !state.rollups.values.joined().contains { $0.range.overlaps(range) }
        }
    }

    /// Windows that the head has now.
    private func headView() -> Set<Int64> {
        state.withLock { state in Set(state.windows.keys).union(state.leaving?.windows ?? []) }
    }

    func blocks(in range: TimeRange) -> [Block] {
        state.withLock { $0.blocks.filter { $0.range.overlaps(range) } }
    }

    private func selectFromHead<Output: Sendable>(
        _ selection: SeriesSelection, _ budget: QueryBudget,
        _ transform: @Sendable (PartialSeries) throws -> Output?
    ) throws -> [Output] {
        let series = head.index.withLock { $0.series(matching: selection.matchers) }
        return try ParallelChunks.map(series, length: Head.copiedAtOnce) { [head] part -> [Output] in
            try budget.check()
            let images = head.images(of: part, in: selection.range)
            var found: [Output] = []
            var samples = 0
            var seriesCount = 0
            for (number, image) in zip(part, images) where !image.isEmpty {
                let columns = image.decoded()
                guard !columns.isEmpty else { continue }
                samples += columns.count
                seriesCount += 1
                var part = PartialSeries(labels: head.index.withLock { $0.labels(of: number) }, parts: [columns])
                if !image.details.isEmpty {
                    part.details = [image.decodedDetails()]
                    samples += part.details[0].weight
                }
                if let made = try transform(part) { found.append(made) }
            }
            try budget.charge(samples: samples)
            try budget.charge(series: seriesCount)
            return found
        }
    }
}

/// What several sources have of one series; later parts win over earlier ones.
struct PartialSeries: Sendable {
    let labels: LabelSet
    var parts: [SampleColumns]
    var summaries: [SampleSummary] = []
    /// Of each part; empty if none has any.
    var details: [SampleDetails] = []

    var selected: SelectedSeries {
        var joiner = TimestampJoiner()
        return selected(joiner: &joiner)
    }

    /// - Parameter joiner: of series that are likely to have the same timestamps.
    func selected(joiner: inout TimestampJoiner) -> SelectedSeries {
        if !details.isEmpty { return selectedWithDetails }
        return SelectedSeries(
            labels: labels,
            samples: parts.count == 1 ? parts[0] : SampleColumns.merged(parts, joiner: &joiner).columns,
            summaries: summaries)
    }

    /// Joins two lists in label order into one; the data of `b` is the newer.
    static func merged(_ a: [PartialSeries], _ b: [PartialSeries]) -> [PartialSeries] {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        var out: [PartialSeries] = []
        out.reserveCapacity(max(a.count, b.count))
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if a[i].labels == b[j].labels {
                out.append(a[i].joined(with: b[j]))
                i += 1
                j += 1
            } else if a[i].labels < b[j].labels {
                out.append(a[i])
                i += 1
            } else {
                out.append(b[j])
                j += 1
            }
        }
        out.append(contentsOf: a[i...])
        out.append(contentsOf: b[j...])
        return out
    }

    func joined(with other: PartialSeries) -> PartialSeries {
        PartialSeries(
            labels: labels, parts: parts + other.parts, summaries: SampleSummary.merged(summaries, other.summaries),
            details: details.isEmpty && other.details.isEmpty ? [] : detailsOfParts + other.detailsOfParts)
    }
}

extension SampleSummary {
    /// Two disjoint ascending lists as one. Blocks come in order of their offsets, not of their times.
    fileprivate static func merged(_ a: [SampleSummary], _ b: [SampleSummary]) -> [SampleSummary] {
        if let last = a.last, let first = b.first, last.lastTimestamp > first.firstTimestamp {
            return (a + b).sorted { $0.firstTimestamp < $1.firstTimestamp }
        }
        return a + b
    }
}
