import Synchronization
import TelemetryModel
package import TimeSeriesStore

extension EmbeddedStore: TimeSeriesStore {
    package func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        try serving { try selectOnce(selection, budget) }
    }

    private func selectOnce(_ selection: SeriesSelection, _ budget: QueryBudget) throws -> [SelectedSeries] {
        let view = headView()
        // The head first: what leaves it meanwhile is in a block by the time that the blocks are looked at, and what is seen
        // twice is merged into one.
        let recent = try selectFromHead(selection, budget)
        let blocks = blocks(in: selection.range)
        let older = try ParallelChunks.map(blocks, length: EmbeddedStore.blocksAtOnce) { part -> [[PartialSeries]] in
            try part.map { block in
                let isAlone =
                    !view.contains { block.range.contains($0) }
                    && !blocks.contains { $0 !== block && $0.range.overlaps(block.range) }
                return try select(selection, from: block, usesSummaries: isAlone, budget)
            }
        }
        let found = older.reduce(try selectFromRollups(selection, budget)) { PartialSeries.merged($0, $1) }
        return PartialSeries.merged(found, recent).map(\.selected)
    }

    /// Blocks that one thread reads one after the other.
    private static let blocksAtOnce = 4

    /// Windows that the head has now.
    private func headView() -> Set<Int64> {
        state.withLock { state in Set(state.windows.keys).union(state.leaving?.windows ?? []) }
    }

    func blocks(in range: TimeRange) -> [Block] {
        state.withLock { $0.blocks.filter { $0.range.overlaps(range) } }
    }

    private func selectFromHead(_ selection: SeriesSelection, _ budget: QueryBudget) throws -> [PartialSeries] {
        let series = head.index.withLock { $0.series(matching: selection.matchers) }
        let parts = try ParallelChunks.map(series, length: Head.copiedAtOnce) { [head] part -> [PartialSeries] in
            try budget.check()
            let images = head.images(of: part, in: selection.range)
            var found: [PartialSeries] = []
            var samples = 0
            for (number, image) in zip(part, images) where !image.isEmpty {
                let columns = image.decoded()
                guard !columns.isEmpty else { continue }
                samples += columns.count
                var part = PartialSeries(labels: head.index.withLock { $0.labels(of: number) }, parts: [columns])
                if !image.details.isEmpty {
                    part.details = [image.decodedDetails()]
                    samples += part.details[0].weight
                }
                found.append(part)
            }
            try budget.charge(samples: samples)
            return found
        }
        try budget.charge(series: parts.count)
        return parts
    }

    private func select(
        _ selection: SeriesSelection, from block: Block, usesSummaries: Bool, _ budget: QueryBudget
    ) throws -> [PartialSeries] {
        let ids = try block.ids(matching: selection.matchers)
        guard !ids.isEmpty else { return [] }
        try budget.charge(series: ids.count)
        let windows = usesSummaries ? selection.windows : nil
        return try ParallelChunks.map(ids, length: EmbeddedStore.seriesAtOnce) { part -> [PartialSeries] in
            let ids = Array(part)
            let labels = try block.labels(of: ids)
            var found: [PartialSeries] = []
            found.reserveCapacity(ids.count)
            try block.read(ids, in: selection.range, windows: windows, budget: budget) { position, series in
                found.append(
                    PartialSeries(
                        labels: labels[position], parts: [series.columns], summaries: series.summaries,
                        details: series.details.isEmpty ? [] : [series.details]))
            }
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
        if !details.isEmpty { return selectedWithDetails }
        return SelectedSeries(
            labels: labels, samples: parts.count == 1 ? parts[0] : SampleColumns.merged(parts).columns,
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

    private func joined(with other: PartialSeries) -> PartialSeries {
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
