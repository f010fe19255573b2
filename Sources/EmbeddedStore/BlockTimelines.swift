import ChunkCodec
import TimeSeriesStore

/// A timeline as one reading needs it.
struct BlockTimeline {
    /// A run of samples that statistics stand for, and which of them a summary may stand for.
    struct Piece {
        enum Use { case none, allButFirst, all }

        /// Its number among the chunk's pieces.
        let index: Int
        /// Of the chunk's samples.
        let samples: Range<Int>
        let use: Use
    }

    /// Samples in the chunk.
    let count: Int
    /// Those within the range, as indices into the chunk's.
    let samples: Range<Int>
    /// Those of `samples`.
    let timestamps: [Int64]
    /// Pieces that summaries can stand for; empty if there are none.
    let pieces: [Piece]
    /// How many pieces the chunk's statistics cover.
    let pieceCount: Int

    func timestamp(_ sample: Int) -> Int64 { timestamps[sample - samples.lowerBound] }
}

/// The timelines that a reading has come across: each is decoded once and its storage shared by all series that have it.
struct BlockTimelines {
    /// Timestamps kept at a time; then the reading begins to collect anew.
    private static let keptCount = 1 << 21

    private let block: Block
    private let range: TimeRange
    private let windows: WindowGrid?
    private let isNewestEnough: Bool
    private var known: [Int64: BlockTimeline] = [:]
    private var keptCount = 0
    private var lastID: Int64 = -1
    private var last: BlockTimeline?

    /// - Parameter isNewestEnough: whether all samples of a timeline but the last in the range are left out.
    init(block: Block, range: TimeRange, windows: WindowGrid?, isNewestEnough: Bool = false) {
        self.isNewestEnough = isNewestEnough
        self.block = block
        self.range = range
        self.windows = windows
    }

    @inline(__always)
    mutating func timeline(_ id: Int64, _ connection: BlockConnection) throws -> BlockTimeline {
        if id == lastID, let last { return last }
        return try other(id, connection)
    }

    private mutating func other(_ id: Int64, _ connection: BlockConnection) throws -> BlockTimeline {
        let timeline: BlockTimeline
        if let read = known[id] {
            timeline = read
        } else {
            timeline = try read(id, connection)
            if keptCount > BlockTimelines.keptCount {
                known.removeAll()
                keptCount = 0
            }
            known[id] = timeline
            keptCount += timeline.timestamps.count + 16
        }
        lastID = id
        last = timeline
        return timeline
    }

    private func read(_ id: Int64, _ connection: BlockConnection) throws -> BlockTimeline {
        let statement = try connection.statement(.timeline)
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { throw block.damage("timeline \(id)", "none") }
        let (first, last, count) = (statement.integer(0), statement.integer(1), statement.integer(2))
        guard statement.integer(3) == Block.seal(ofTimeline: id, first, last, count), count > 0,
            first >= block.name.from,
            last < block.name.to + (block.tier == 0 ? 0 : 1)
        else { throw block.damage("intact timeline \(id)", "another row") }
        guard first <= range.through, last >= range.from else {
            return BlockTimeline(count: Int(count), samples: 0..<0, timestamps: [], pieces: [], pieceCount: 0)
        }
        var timestamps: [Int64] = []
        do {
            try ChunkCodec.decodeTimestamps(statement.bytes(4), into: &timestamps)
        } catch {
            throw block.damage("intact timeline \(id)", "\(error)")
        }
        guard timestamps.count == count, timestamps.first == first, timestamps.last == last else {
            throw block.damage("\(count) timestamps in timeline \(id)", "\(timestamps.count)")
        }
        return cut(timestamps)
    }

    private func cut(_ timestamps: [Int64]) -> BlockTimeline {
        var from = timestamps[0] >= range.from ? 0 : timestamps.lowerBound(of: range.from, from: 0)
        let to =
            timestamps[timestamps.count - 1] <= range.through
            ? timestamps.count : timestamps.lowerBound(of: range.through + 1, from: from)
        if isNewestEnough { from = max(from, to - 1) }
        var pieces: [BlockTimeline.Piece] = []
        var pieceCount = 0
        if let windows {
            let all = BlockChunking.pieces(of: timestamps[...])
            pieceCount = all.count
            for (index, samples) in all.enumerated() where samples.lowerBound >= from && samples.upperBound <= to {
                let use = BlockTimelines.use(timestamps, samples, windows)
                if use != .none { pieces.append(.init(index: index, samples: samples, use: use)) }
            }
        }
        return BlockTimeline(
            count: timestamps.count, samples: from..<to,
            timestamps: to - from == timestamps.count ? timestamps : Array(timestamps[from..<to]), pieces: pieces,
            pieceCount: pieceCount)
    }

    private static func use(
        _ timestamps: [Int64], _ samples: Range<Int>, _ windows: WindowGrid
    ) -> BlockTimeline.Piece.Use {
        let last = timestamps[samples.upperBound - 1]
        if windows.separates(timestamps[samples.lowerBound + 1], last) { return .none }
        return windows.separates(timestamps[samples.lowerBound], last) ? .allButFirst : .all
    }
}
