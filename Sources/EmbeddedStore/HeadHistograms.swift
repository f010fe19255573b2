import ChunkCodec
import NativeHistograms
import TimeSeriesStore

/// The histograms of one series in one window of the head, as bytes of the blocks' codec.
///
/// Each comes as a piece of its own; eight pieces of a size become one of eight times the size, in which histograms of one
/// layout share it and cost little more than what changed. So each is encoded about three times until its window leaves.
struct HeadHistograms: Sendable {
    private struct Piece: Sendable {
        let count: Int
        let firstTime: Int64
        let lastTime: Int64
        /// Empty for a piece of one.
        let times: [UInt8]
        let histograms: [UInt8]
    }

    private static let fanIn = 8
    /// Histograms in the largest piece.
    private static let largestPiece = 512

    /// In order of arrival, no time twice.
    private var pieces: [Piece] = []

    var isEmpty: Bool { pieces.isEmpty }

    var byteCount: Int {
        pieces.reduce(pieces.capacity * MemoryLayout<Piece>.stride) { bytes, piece in
            bytes + piece.histograms.count + 32 + (piece.times.isEmpty ? 0 : piece.times.count + 32)
        }
    }

    /// - Precondition: there is none of that time.
    mutating func append(_ time: Int64, _ histogram: NativeHistogram) {
        pieces.append(HeadHistograms.piece(SparseColumn(timestamps: [time], values: [histogram])))
        while let count = pieces.last?.count, count < HeadHistograms.largestPiece,
            pieces.suffix(HeadHistograms.fanIn).count(where: { $0.count == count }) == HeadHistograms.fanIn
        {
            let merged = HeadHistograms.joined(pieces.suffix(HeadHistograms.fanIn))
            pieces.removeLast(HeadHistograms.fanIn)
            pieces.append(HeadHistograms.piece(merged))
        }
    }

    func histogram(at time: Int64) -> NativeHistogram? {
        for piece in pieces where piece.firstTime <= time && time <= piece.lastTime {
            if let found = HeadHistograms.column(piece).value(at: time) { return found }
        }
        return nil
    }

    /// Decodes and encodes one piece.
    mutating func remove(at time: Int64) {
        for index in pieces.indices where pieces[index].firstTime <= time && time <= pieces[index].lastTime {
            let column = HeadHistograms.column(pieces[index])
            let rest = column.without([time])
            if rest.count == column.count { continue }
            if rest.isEmpty { pieces.remove(at: index) } else { pieces[index] = HeadHistograms.piece(rest) }
            return
        }
    }

    /// Those of the range. O(histograms of the pieces that it touches).
    func column(in range: TimeRange) -> SparseColumn<NativeHistogram> {
        HeadHistograms.joined(pieces.filter { $0.firstTime <= range.through && $0.lastTime >= range.from })
            .within(range)
    }

    private static func joined(_ pieces: some Sequence<Piece>) -> SparseColumn<NativeHistogram> {
        pieces.reduce(into: SparseColumn()) { joined, piece in joined = joined.joined(with: column(piece)) }
    }

    private static func piece(_ column: SparseColumn<NativeHistogram>) -> Piece {
        let count = column.count
        return Piece(
            count: count, firstTime: column.timestamps[0], lastTime: column.timestamps[count - 1],
            times: count == 1 ? [] : ChunkCodec.encodeTimestamps(column.timestamps),
            histograms: ChunkCodec.encodeHistograms(column.values, effort: .fast))
    }

    private static func column(_ piece: Piece) -> SparseColumn<NativeHistogram> {
        var column = SparseColumn<NativeHistogram>()
        do {
            if piece.count == 1 {
                column.timestamps = [piece.firstTime]
            } else {
                try ChunkCodec.decodeTimestamps(piece.times, into: &column.timestamps)
            }
            try ChunkCodec.decodeHistograms(piece.histograms, into: &column.values)
        } catch {
            preconditionFailure("the head's memory is not what was written there: \(error)")
        }
        return column
    }
}
