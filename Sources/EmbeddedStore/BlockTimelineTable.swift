import ChunkCodec
import TimeSeriesStore

/// Writes each distinct column of timestamps of a block once: series that are sampled together share it.
struct BlockTimelineTable {
    struct Chunk {
        let timeline: Int64
        /// Indices into the series' samples.
        let samples: Range<Int>
        /// Where the chunk has statistics, as indices into the series' samples.
        let pieces: [Range<Int>]
    }

    /// Beyond this many distinct columns the older ones are forgotten, and may be written again.
    private static let rememberedCount = 1 << 20

    private var known: [UInt64: Int64] = [:]
    private(set) var count = 0
    private var lastTimestamps: [Int64] = []
    private var lastChunks: [Chunk] = []

    /// The chunks of a series with these timestamps, whose timelines are then in the table. `timestamps` is not empty.
    mutating func chunks(of timestamps: [Int64], in rows: BlockRows) throws -> [Chunk] {
        // `==` of arrays is O(1) for the same storage and a comparison of memory otherwise.
        if timestamps == lastTimestamps { return lastChunks }
        lastChunks = try BlockChunking.chunks(of: timestamps).map { samples in
            Chunk(
                timeline: try id(of: timestamps, samples, in: rows), samples: samples,
                pieces: BlockChunking.pieces(of: timestamps[samples]))
        }
        lastTimestamps = timestamps
        return lastChunks
    }

    private mutating func id(of timestamps: [Int64], _ samples: Range<Int>, in rows: BlockRows) throws -> Int64 {
        let column = ChunkCodec.encodeTimestamps(timestamps.span.extracting(samples))
        let digest = column.withUnsafeBytes { bytes in
            var seal = BlockSeal(0)
            seal.combine(bytes)
            return seal.state
        }
        // Two columns may have the same digest.
        if let id = known[digest], try rows.timeline(id, is: column) { return id }
        if known.count >= BlockTimelineTable.rememberedCount { known.removeAll(keepingCapacity: true) }
        let id = Int64(count)
        let first = timestamps[samples.lowerBound]
        let last = timestamps[samples.upperBound - 1]
        try rows.insertTimeline(id, first: first, last: last, count: Int64(samples.count), data: column)
        known[digest] = id
        count += 1
        return id
    }
}
