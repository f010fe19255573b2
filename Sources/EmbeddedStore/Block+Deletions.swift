import TelemetryModel
import TimeSeriesStore

/// What deletes have taken away from a block that still has it in its file.
struct BlockDeletions: Sendable {
    struct Entry: Sendable {
        let tombstone: Tombstone
        let series: SeriesBitmap
        /// Ascending.
        let ranges: [TimeRange]
    }

    fileprivate(set) var entries: [Entry] = []

    /// Empty for most series.
    func ranges(of series: Int) -> [TimeRange] {
        entries.flatMap { $0.series.contains(series) ? $0.ranges : [] }
    }

    func covers(_ event: OperationalEvent) -> Bool {
        entries.contains { entry in
            entry.ranges.contains { $0.contains(event.timestamp) }
                && entry.tombstone.covers(event.labels, event.timestamp)
        }
    }
}

extension Block {
    /// Takes away what the tombstones cover, for every reading that begins afterwards; the file stays as it is. Those that do
    /// not concern the block, and those already applied, change nothing.
    ///
    /// - Returns: by tombstone, how many samples it took away that were still there.
    @discardableResult func delete(_ tombstones: [Tombstone]) throws -> [Int64: Int] {
        var removed: [Int64: Int] = [:]
        for tombstone in tombstones.sorted(by: { $0.id < $1.id }) where tombstone.concerns(self) {
            let known = deletions
            if known?.entries.contains(where: { $0.tombstone.id == tombstone.id }) == true { continue }
            let ids = try ids(matching: tombstone.matchers)
            let ranges = tombstone.ranges(in: self)
            var series = SeriesBitmap(limit: seriesCount)
            for id in ids { series.insert(id) }
            removed[tombstone.id] = try sampleCount(of: ids, in: ranges)
            var changed = known ?? BlockDeletions()
            changed.entries.append(BlockDeletions.Entry(tombstone: tombstone, series: series, ranges: ranges))
            replaceDeletions(changed)
        }
        return removed
    }

    /// How many samples the series have in the ranges, which are disjoint. Reads no values.
    func sampleCount(of ids: [Int], in ranges: [TimeRange]) throws -> Int {
        var count = 0
        for range in ranges {
            try withConnection { connection in
                var reading = BlockReading(block: self, connection: connection, range: range, windows: nil)
                try scanChunks(ids, connection) { id, timeline, _ in
                    count += try reading.sampleCount(id, timeline: timeline)
                } afterSeries: { _ in
                }
            }
        }
        return count
    }
}

extension SampleColumns {
    /// Without the samples in the ranges.
    func without(_ ranges: [TimeRange]) -> SampleColumns {
        var kept = SampleColumns()
        for index in timestamps.indices where !ranges.contains(where: { $0.contains(timestamps[index]) }) {
            kept.timestamps.append(timestamps[index])
            kept.values.append(values[index])
        }
        return kept
    }
}
