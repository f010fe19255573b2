import ChunkCodec
import TelemetryModel
import TimeSeriesStore

/// Rollups of days whose samples are no longer kept: files of a block's shape, in which a series' chunks are its aggregates
/// (`RollupColumns.aggregateNames`), all with the same timeline of bucket ends. `docs/decisions` says when they are written. Native histograms are not summed up.
enum Rollup {
    /// Rollups and blocks may have the same file name, each in its folder.
    private static let sourcePrefix = "\(BlockName.folder)/"

    /// Whether the rollup sums up one of these blocks.
    static func isMade(_ rollup: Block, of inputs: [Block]) -> Bool {
        let sources = Set(rollup.replaces)
        return inputs.contains { sources.contains(sourcePrefix + $0.name.fileName) }
    }

    /// Writes one file that sums up all blocks of a day, published and durable.
    ///
    /// - Parameters:
    ///   - inputs: ascending; what was deleted from them is not there. The file names them, so that a sweep that was
    ///     interrupted before they were removed is noticed (`isMade(of:)`).
    ///   - folder: the tier's.
    ///   - keeps: false for series that the tier does not keep.
    /// - Throws: what stopped it; then there is no file.
    static func write(
        _ inputs: [Block], tier: RollupTier, files: any StoreFiles, folder: String, name: BlockName,
        windowsThrough: [Int64: Int64], deletedThrough: Int64, keeps: (LabelSet) -> Bool = { _ in true },
        step: (BlockMerge.Progress) throws -> Void = { _ in }
    ) throws -> BlockMerge.Report {
        var builder = try BlockBuilder(
            files: files, folder: folder, name: name, windowsThrough: windowsThrough,
            replaces: inputs.map { sourcePrefix + $0.name.fileName }, deletedThrough: deletedThrough, tier: tier.bucket,
            effort: .best)
        do {
            var report = BlockMerge.Report()
            var merge = try BlockMerge(inputs)
            while let series = try merge.next(&report, step: step) {
                if keeps(series.labels) {
                    try builder.add(series.labels, RollupColumns(series.columns.numbers(series.details), tier: tier))
                } else {
                    report.expired += series.columns.count
                }
            }
            report.series = builder.seriesCount
            report.samples = builder.sampleCount
            try builder.finish()
            try builder.publish()
            return report
        } catch {
            builder.discard()
            throw error
        }
    }
}

extension Block {
    /// The length of the buckets of a rollup, milliseconds; nil for a block of samples.
    var bucketLength: Int64? { tier == 0 ? nil : tier }

    /// Reads rollups of series, buckets whose ends lie within the range.
    ///
    /// - Parameter body: called with the position in `ids` of each series that has some, in order.
    /// - Precondition: the block is one of rollups.
    func readRollups(
        _ ids: [Int], in range: TimeRange, budget: QueryBudget, withDeleted: Bool = false,
        _ body: (_ position: Int, RollupColumns) throws -> Void
    ) throws {
        precondition(tier != 0, "a block of samples has no rollups")
        let deletions = withDeleted ? nil : deletions
        try withConnection { connection in
            var timelines = BlockTimelines(block: self, range: range, windows: nil)
            var aggregates: [[Double]] = []
            var ends: [Int64] = []
            try scanChunks(ids, connection) { id, timelineID, column in
                let timeline = try timelines.timeline(timelineID, connection)
                ends = timeline.timestamps
                guard !timeline.samples.isEmpty else { return }
                var values: [Double] = []
                do {
                    let bytes = column.bytes
                    guard try ChunkCodec.sampleCount(bytes) == timeline.count else {
                        throw damage("\(timeline.count) buckets in chunk \(id)", "another number")
                    }
                    try ChunkCodec.decodeValues(bytes, samples: timeline.samples, into: &values)
                } catch let error as ChunkCorruption {
                    throw damage("an intact chunk \(id)", "\(error)")
                }
                aggregates.append(values)
            } afterSeries: { position in
                defer { aggregates.removeAll(keepingCapacity: true) }
                if ends.isEmpty { return }
                guard let read = RollupColumns(ends: ends, aggregates: aggregates) else {
                    throw damage("the aggregates of series \(ids[position])", "\(aggregates.count) columns")
                }
                try budget.charge(samples: ends.count)
                let kept = deletions.map { read.without($0.ranges(of: ids[position])) } ?? read
                if !kept.ends.isEmpty { try body(position, kept) }
            }
        }
    }
}

extension RollupColumns {
    /// Without the buckets that end in one of the ranges: a bucket that a delete cuts goes with its end.
    func without(_ ranges: [TimeRange]) -> RollupColumns {
        if ranges.isEmpty { return self }
        let kept = ends.indices.filter { index in !ranges.contains { $0.contains(ends[index]) } }
        return RollupColumns(
            ends: kept.map { ends[$0] }, aggregates: aggregates.map { column in kept.map { column[$0] } })
            ?? RollupColumns()
    }
}
