import ChunkCodec
import TimeSeriesStore

/// What a block has of one series.
struct BlockSeries {
    let columns: SampleColumns
    let summaries: [SampleSummary]
    let details: SampleDetails
}

/// Collects one series after another from its chunks, in order of time.
struct BlockReading {
    private let block: Block
    private let connection: BlockConnection
    private let windows: WindowGrid?
    private var timelines: BlockTimelines
    private let deletions: BlockDeletions?
    /// Of the series so far.
    private var deleted: [TimeRange] = []

    /// The series so far. While all of its chunks are taken as they are, only their timelines are noted: series that have
    /// the same ones share one array.
    private var parts: [Int64] = []
    private var timestamps: [Int64] = []
    /// True once some of a chunk was replaced by summaries, and `timestamps` holds what is left.
    private var isThinned = false
    private var values: [Double] = []
    private var summaries: [SampleSummary] = []
    private var details = SampleDetails()
    private var scratch: [Double] = []

    private var lastParts: [Int64] = []
    private var lastTimestamps: [Int64] = []
    private var lastCount = 0

    /// - Parameter withDeleted: whether samples that were deleted but are still in the file count.
    init(
        block: Block, connection: BlockConnection, range: TimeRange, windows: WindowGrid?, withDeleted: Bool = false,
        isNewestEnough: Bool = false
    ) {
        self.block = block
        self.connection = connection
        self.windows = windows
        deletions = withDeleted ? nil : block.deletions
        // Of what was deleted the newest sample may be, and then the one before is wanted.
        timelines = BlockTimelines(
            block: block, range: range, windows: windows, isNewestEnough: isNewestEnough && deletions == nil)
    }

    /// Takes the chunk in.
    ///
    /// - Parameter stored: as the chunk's row has it.
    mutating func add(_ id: Int64, timeline stored: Int64, _ column: BlockColumn) throws {
        begin(id)
        let (timelineID, hasDetails) = BlockSchema.timeline(stored)
        let timeline = try timelines.timeline(timelineID, connection)
        if timeline.samples.isEmpty { return }
        do {
            if !timeline.pieces.isEmpty, deleted.isEmpty, try addSummaries(id, timeline, column) { return }
            if isThinned {
                timestamps.append(contentsOf: timeline.timestamps)
            } else {
                parts.append(timelineID)
            }
            if values.isEmpty { values.reserveCapacity(max(lastCount, timeline.samples.count)) }
            try decode(column.bytes, timeline.samples, of: timeline.count, into: &values)
            if hasDetails { details.append(contentsOf: try readDetails(id, timeline)) }
        } catch let error as ChunkCorruption {
            throw block.damage("an intact chunk \(id)", "\(error)")
        }
    }

    /// With the first chunk of each series.
    private mutating func begin(_ chunk: Int64) {
        guard let deletions, chunk & (BlockSchema.chunksPerSeries - 1) == 0 else { return }
        deleted = deletions.ranges(of: Int(chunk >> BlockSchema.chunkBits))
    }

    /// How many samples of the chunk are within the range.
    mutating func sampleCount(_ id: Int64, timeline stored: Int64) throws -> Int {
        begin(id)
        let timestamps = try timelines.timeline(BlockSchema.timeline(stored).id, connection).timestamps
        if deleted.isEmpty { return timestamps.count }
        return timestamps.reduce(0) { count, time in deleted.contains { $0.contains(time) } ? count : count + 1 }
    }

    /// What was added since the last call. Nil if that was nothing.
    mutating func finishSeries() throws -> BlockSeries? {
        if values.isEmpty, summaries.isEmpty { return nil }
        defer {
            lastCount = values.count
            parts.removeAll(keepingCapacity: true)
            timestamps = []
            isThinned = false
            values = []
            summaries = []
            if !details.isEmpty { details = SampleDetails() }
        }
        if !isThinned { timestamps = try joined() }
        let columns = SampleColumns(timestamps: timestamps, values: values)
        if deleted.isEmpty { return BlockSeries(columns: columns, summaries: summaries, details: details) }
        let kept = columns.without(deleted)
        return kept.isEmpty ? nil : BlockSeries(columns: kept, summaries: [], details: details.without(deleted))
    }

    private func readDetails(_ id: Int64, _ timeline: BlockTimeline) throws -> SampleDetails {
        let statement = try connection.statement(.detail)
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { throw block.damage("details of chunk \(id)", "none") }
        let range = TimeRange(
            from: timeline.timestamps[0], through: timeline.timestamps[timeline.timestamps.count - 1])
        let read: SampleDetails
        do {
            read = try BlockDetails.decode(statement.bytes(0), chunk: id, in: range).within(range)
        } catch let fault as BlockDetailsFault {
            throw block.damage("intact details of chunk \(id)", "\(fault)")
        }
        guard read.histograms.without(timeline.timestamps).isEmpty, read.starts.without(timeline.timestamps).isEmpty
        else { throw block.damage("details of samples in chunk \(id)", "of other times") }
        return read
    }

    /// The timestamps of `parts`.
    private mutating func joined() throws -> [Int64] {
        if parts.count == 1 { return try timelines.timeline(parts[0], connection).timestamps }
        if parts == lastParts { return lastTimestamps }
        var all: [Int64] = []
        all.reserveCapacity(values.count)
        for id in parts {
            let timeline = try timelines.timeline(id, connection)
            if let last = all.last, let first = timeline.timestamps.first, first <= last {
                throw block.damage("chunks of a series one after the other", "a chunk that goes back in time")
            }
            all.append(contentsOf: timeline.timestamps)
        }
        lastParts = parts
        lastTimestamps = all
        return all
    }

    private func decode(
        _ column: UnsafeRawBufferPointer, _ samples: Range<Int>, of count: Int, into values: inout [Double]
    ) throws {
        let before = values.count
        if samples.count == count {
            try ChunkCodec.decodeValues(column, into: &values)
        } else {
            guard try ChunkCodec.sampleCount(column) == count else {
                throw block.damage("\(count) samples in a chunk", "another number")
            }
            try ChunkCodec.decodeValues(column, samples: samples, into: &values)
        }
        guard values.count - before == samples.count else {
            throw block.damage("\(count) samples in a chunk", "another number")
        }
    }

    // MARK: Summaries

    /// Takes the chunk in with summaries for its pieces where no window cuts through them. False, with nothing taken, if that
    /// would not save decoding most of it.
    private mutating func addSummaries(
        _ id: Int64, _ timeline: BlockTimeline, _ column: BlockColumn
    ) throws -> Bool {
        let summarised = timeline.pieces.reduce(0) { $0 + $1.samples.count }
        guard summarised * 2 >= timeline.samples.count, let statistics = try statistics(id, timeline) else {
            return false
        }
        let pieces = timeline.pieces.filter { statistics.exists($0.index) }
        guard !pieces.isEmpty else { return false }
        // Decoded once if anything is needed of it.
        scratch.removeAll(keepingCapacity: true)
        if pieces.reduce(0, { $0 + $1.samples.count }) < timeline.samples.count {
            try decode(column.bytes, timeline.samples, of: timeline.count, into: &scratch)
        }
        if !isThinned {
            timestamps = try joined()
            isThinned = true
        }
        var next = timeline.samples.lowerBound
        for piece in pieces {
            appendScratch(next..<piece.samples.lowerBound, timeline)
            let isWhole = piece.use == .all
            let first = isWhole ? piece.samples.lowerBound : piece.samples.lowerBound + 1
            if !isWhole {
                timestamps.append(timeline.timestamp(piece.samples.lowerBound))
                values.append(statistics.first[piece.index])
            }
            append(
                statistics.summary(
                    piece.index, withFirst: isWhole, from: timeline.timestamp(first),
                    through: timeline.timestamp(piece.samples.upperBound - 1),
                    count: piece.samples.upperBound - first))
            next = piece.samples.upperBound
        }
        appendScratch(next..<timeline.samples.upperBound, timeline)
        return true
    }

    private mutating func appendScratch(_ samples: Range<Int>, _ timeline: BlockTimeline) {
        guard !samples.isEmpty else { return }
        let offset = timeline.samples.lowerBound
        let part = samples.lowerBound - offset..<samples.upperBound - offset
        timestamps.append(contentsOf: timeline.timestamps[part])
        values.append(contentsOf: scratch[part])
    }

    /// Appends a summary, or widens the last one if there is no sample between and no window that tells them apart.
    private mutating func append(_ summary: SampleSummary) {
        if let last = summaries.last, let windows, (timestamps.last ?? .min) < last.firstTimestamp,
            !windows.separates(last.firstTimestamp, summary.lastTimestamp)
        {
            summaries[summaries.count - 1] = SampleSummary(
                firstTimestamp: last.firstTimestamp, lastTimestamp: summary.lastTimestamp,
                count: last.count + summary.count, sum: last.sum + summary.sum,
                minimum: min(last.minimum, summary.minimum), maximum: max(last.maximum, summary.maximum))
        } else {
            summaries.append(summary)
        }
    }

    private func statistics(_ id: Int64, _ timeline: BlockTimeline) throws -> BlockStatistics? {
        let statement = try connection.statement(.statistics)
        statement.bind(1, id)
        defer { statement.reset() }
        // A chunk without statistics is decoded; a row that a damaged page hides costs time, not truth.
        guard try statement.step() else { return nil }
        do {
            return try BlockStatistics(statement.bytes(0), chunk: id, pieceCount: timeline.pieceCount)
        } catch {
            throw block.damage("intact statistics of chunk \(id)", "\(error)")
        }
    }
}
