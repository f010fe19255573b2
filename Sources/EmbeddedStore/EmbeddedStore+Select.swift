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
            range: selection.range, isNewestEnough: selection.isNewestEnough,
            sources: [.parts(older)] + found.map(\.source) + [.parts(recent)],
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
            let parts = head.parts(of: part, selection)
            try budget.charge(samples: parts.reduce(0) { $0 + $1.sampleCount })
            try budget.charge(series: parts.count)
            return try parts.compactMap(transform)
        }
    }
}

extension Head {
    /// What the head has of these series, those without samples in the range left out.
    fileprivate func parts(of series: ArraySlice<UInt32>, _ selection: SeriesSelection) -> [PartialSeries] {
        var found = [SampleColumns?](repeating: nil, count: series.count)
        var details = [Int: SampleDetails]()
        var rest = series.enumerated().map { (position: $0.offset, number: $0.element) }
        if selection.isNewestEnough {
            found = newest(of: series, in: selection.range).map { newest in
                newest.map { SampleColumns(timestamps: [$0.time], values: [$0.value]) }
            }
            rest = rest.filter { found[$0.position] == nil }
        }
        for (place, image) in zip(rest, images(of: rest.map(\.number)[...], in: selection.range)) where !image.isEmpty {
            let columns = image.decoded()
            guard !columns.isEmpty else { continue }
            found[place.position] = columns
            if !image.details.isEmpty { details[place.position] = image.decodedDetails() }
        }
        return index.withLock { index in
            zip(series, found).enumerated().compactMap { position, pair in
                guard let columns = pair.1 else { return nil }
                var part = PartialSeries(labels: index.labels(of: pair.0), parts: [columns])
                if let details = details[position] { part.details = [details] }
                return part
            }
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

    /// Details count for what they weigh.
    fileprivate var sampleCount: Int {
        parts.reduce(0) { $0 + $1.count } + details.reduce(0) { $0 + $1.weight }
    }

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
