import ChunkCodec
import TimeSeriesStore

/// What the samples of a chunk's pieces amount to; element `i` of each column stands for piece `i`.
///
/// The windows of a query are open on the left, so those of a grid on full hours cut between a sample at hh:00:00.000 and
/// what follows it: a piece's first sample is kept apart, and `sum`, `minimum`, `maximum` are those of the others.
struct BlockStatistics {
    var first: [Double] = []
    var minimum: [Double] = []
    var maximum: [Double] = []
    var last: [Double] = []
    /// NaN for a piece with a sample that is NaN or infinite: such a piece has no statistics. Compensated, so that it is
    /// mostly the double nearest to the true sum (Neumaier 1974).
    var sum: [Double] = []
    /// How much a counter lost in resets from sample to sample, the first included: the sum of the values before a fall.
    /// Its increase over the piece is `last - first + lost`. Empty if values fall so often that they are no counter's, whose
    /// losses nobody asks for and would take a third of the room.
    var lost: [Double] = []

    func exists(_ piece: Int) -> Bool { !sum[piece].isNaN }

    /// Values of a counter do not fall more often than once in so many samples.
    private static let samplesPerReset = 16

    /// - Parameter values: the chunk's; `pieces` have at least two samples each.
    init(of values: ArraySlice<Double>, pieces: [Range<Int>]) {
        var falls = 0
        values.withUnsafeBufferPointer { all in
            // Indices are the slice's; the pointer's begin at 0.
            let offset = values.startIndex
            for piece in pieces {
                falls += append(
                    UnsafeBufferPointer(rebasing: all[piece.lowerBound - offset..<piece.upperBound - offset]))
            }
        }
        if falls * Self.samplesPerReset > values.count { lost = [] }
    }

    /// Returns how often the values fell.
    private mutating func append(_ values: UnsafeBufferPointer<Double>) -> Int {
        var falls = 0
        var least = Double.infinity
        var greatest = -Double.infinity
        var total = 0.0
        var compensation = 0.0
        var fallen = 0.0
        var previous = values[0]
        var isFinite = previous.isFinite
        for index in 1..<values.count {
            let value = values[index]
            isFinite = isFinite && value.isFinite
            if value < least { least = value }
            if value > greatest { greatest = value }
            let next = total + value
            compensation += total.magnitude >= value.magnitude ? (total - next) + value : (value - next) + total
            total = next
            if value < previous {
                fallen += previous
                falls += 1
            }
            previous = value
        }
        total += compensation
        isFinite = isFinite && total.isFinite && fallen.isFinite
        first.append(isFinite ? values[0] : 0)
        minimum.append(isFinite ? least : 0)
        maximum.append(isFinite ? greatest : 0)
        last.append(isFinite ? previous : 0)
        sum.append(isFinite ? total : .nan)
        lost.append(isFinite ? fallen : 0)
        return falls
    }

    // MARK: Bytes

    /// Value columns, each after its length (LEB128): first, minimum, maximum and last of all pieces; the sums; what was lost,
    /// left out if that is nothing, and of length 0 if it is not told. Then two bytes that bind them to the chunk. Nil if no
    /// piece has statistics.
    func encoded(chunk: Int64, effort: ChunkCodec.Effort) -> [UInt8]? {
        guard sum.contains(where: { !$0.isNaN }) else { return nil }
        var out: [UInt8] = []
        func append(_ values: [Double]) {
            let column = ChunkCodec.encodeValues(values.span, effort: effort)
            out.append(varint: UInt64(column.count))
            out += column
        }
        append(first + minimum + maximum + last)
        append(sum)
        if lost.isEmpty { out.append(0) } else if lost.contains(where: { $0 != 0 }) { append(lost) }
        out.append(seal: BlockStatistics.seal(chunk: chunk, pieceCount: sum.count, byteCount: out.count))
        return out
    }

    /// Reads what `encoded` gave for this chunk; throws a `BlockStatisticsFault` for anything else.
    init(_ bytes: UnsafeRawBufferPointer, chunk: Int64, pieceCount: Int) throws {
        guard let (content, seal) = bytes.splitSeal(UInt16.self),
            seal == BlockStatistics.seal(chunk: chunk, pieceCount: pieceCount, byteCount: content.count)
        else { throw BlockStatisticsFault() }
        var rest = content
        var columns: [[Double]] = []
        while !rest.isEmpty {
            var length = 0
            var shift = 0
            var byteCount = 0
            repeat {
                guard byteCount < Swift.min(rest.count, 4) else { throw BlockStatisticsFault() }
                length |= Int(rest[byteCount] & 0x7F) << shift
                shift += 7
                byteCount += 1
            } while rest[byteCount - 1] >= 0x80
            guard byteCount + length <= rest.count, columns.count < 3 else { throw BlockStatisticsFault() }
            var values: [Double] = []
            if length > 0 {
                try ChunkCodec.decodeValues(
                    UnsafeRawBufferPointer(rebasing: rest[byteCount..<byteCount + length]), into: &values)
            }
            columns.append(values)
            rest = UnsafeRawBufferPointer(rebasing: rest[(byteCount + length)...])
        }
        guard columns.count >= 2, columns[0].count == 4 * pieceCount, columns[1].count == pieceCount,
            columns.count == 2 || columns[2].isEmpty || columns[2].count == pieceCount
        else { throw BlockStatisticsFault() }
        first = Array(columns[0][..<pieceCount])
        minimum = Array(columns[0][pieceCount..<2 * pieceCount])
        maximum = Array(columns[0][2 * pieceCount..<3 * pieceCount])
        last = Array(columns[0][(3 * pieceCount)...])
        sum = columns[1]
        lost = columns.count == 3 ? columns[2] : [Double](repeating: 0, count: pieceCount)
    }

    private static func seal(chunk: Int64, pieceCount: Int, byteCount: Int) -> UInt16 {
        var seal = BlockSeal(chunk)
        seal.combine(Int64(pieceCount))
        seal.combine(Int64(byteCount))
        return seal.short
    }

    /// The piece as one summary, the first sample included or left out.
    func summary(
        _ piece: Int, withFirst: Bool, from firstTimestamp: Int64, through lastTimestamp: Int64, count: Int
    ) -> SampleSummary {
        SampleSummary(
            firstTimestamp: firstTimestamp, lastTimestamp: lastTimestamp, count: count,
            sum: withFirst ? first[piece] + sum[piece] : sum[piece],
            minimum: withFirst ? Swift.min(first[piece], minimum[piece]) : minimum[piece],
            maximum: withFirst ? Swift.max(first[piece], maximum[piece]) : maximum[piece])
    }
}

/// The statistics are not those of the chunk.
struct BlockStatisticsFault: Error, CustomStringConvertible {
    var description: String { "other bytes" }
}
