import ChunkCodec
import TimeSeriesStore

/// The samples of one series in one two-hour window: sealed chunks and the open tail, together ascending by time.
struct WindowColumn: Sendable {
    struct SealedChunk: Sendable {
        let first: Int64
        let last: Int64
        let bytes: [UInt8]
    }

    enum Outcome { case stored, duplicate, replaced }

    /// Samples per sealed chunk: long enough to compress well, short enough that an insertion re-encodes little.
    static let chunkLength = 120

    /// First millisecond of the window.
    let window: Int64
    private(set) var sealed: [SealedChunk] = []
    private var times: [Int64] = []
    private var values: [Double] = []

    init(window: Int64) { self.window = window }

    var byteCount: Int { sealed.reduce(0) { $0 + $1.bytes.count + 48 } + times.count * 16 }

    /// A sample with the timestamp of a stored one is a duplicate, or replaces its value: the later one wins.
    mutating func insert(_ time: Int64, _ value: Double) -> Outcome {
        if let last = times.last {
            if time > last {
                if times.count >= WindowColumn.chunkLength { seal() }
                times.append(time)
                values.append(value)
                return .stored
            }
            if time >= times[0] { return insertIntoTail(time, value) }
        } else if sealed.isEmpty {
            times.append(time)
            values.append(value)
            return .stored
        }
        return insertIntoSealed(time, value)
    }

    /// Appends the samples within the range to `columns`. A damaged chunk cannot occur in memory short of a fault of the
    /// machine; it would be passed over and reported by the caller's error.
    func read(_ range: TimeRange, into columns: inout SampleColumns) throws {
        for chunk in sealed where chunk.last >= range.from && chunk.first <= range.through {
            try chunk.read(range, into: &columns)
        }
        guard let first = times.first, let last = times.last, first <= range.through, last >= range.from else { return }
        let from = times.partitioningIndex { $0 >= range.from }
        let to = times.partitioningIndex { $0 > range.through }
        columns.timestamps.append(contentsOf: times[from..<to])
        columns.values.append(contentsOf: values[from..<to])
    }

    func hasSamples(in range: TimeRange) -> Bool {
        if let first = times.first, let last = times.last, first <= range.through, last >= range.from,
            times.contains(where: range.contains)
        {
            return true
        }
        return sealed.contains { $0.last >= range.from && $0.first <= range.through }
    }

    private mutating func seal() {
        sealed.append(
            SealedChunk(
                first: times[0], last: times[times.count - 1],
                bytes: ChunkCodec.encode(timestamps: times, values: values)))
        times.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    private mutating func insertIntoTail(_ time: Int64, _ value: Double) -> Outcome {
        let index = times.partitioningIndex { $0 >= time }
        if times[index] == time {
            let isSame = values[index].bitPattern == value.bitPattern
            values[index] = value
            return isSame ? .duplicate : .replaced
        }
        times.insert(time, at: index)
        values.insert(value, at: index)
        return .stored
    }

    /// Out of order, and before the tail: the chunk that it belongs to is decoded, changed and encoded again.
    private mutating func insertIntoSealed(_ time: Int64, _ value: Double) -> Outcome {
        guard let index = sealed.firstIndex(where: { $0.last >= time }) else {
            // Between the last sealed chunk and the tail.
            times.insert(time, at: 0)
            values.insert(value, at: 0)
            return .stored
        }
        var columns = SampleColumns()
        do {
            try sealed[index].read(.all, into: &columns)
        } catch {
            preconditionFailure("a chunk that this process encoded does not decode: \(error)")
        }
        let position = columns.timestamps.partitioningIndex { $0 >= time }
        var outcome = Outcome.stored
        if position < columns.count, columns.timestamps[position] == time {
            if columns.values[position].bitPattern == value.bitPattern { return .duplicate }
            columns.values[position] = value
            outcome = .replaced
        } else {
            columns.timestamps.insert(time, at: position)
            columns.values.insert(value, at: position)
        }
        sealed.replaceSubrange(
            index...index, with: columns.split(every: 2 * WindowColumn.chunkLength).map(SealedChunk.init))
        return outcome
    }
}

extension WindowColumn.SealedChunk {
    init(_ columns: SampleColumns) {
        self.init(
            first: columns.timestamps[0], last: columns.timestamps[columns.count - 1],
            bytes: ChunkCodec.encode(timestamps: columns.timestamps, values: columns.values))
    }

    func read(_ range: TimeRange, into columns: inout SampleColumns) throws {
        try columns.appendDecoded(bytes, within: range)
    }
}

extension SampleColumns {
    /// Decodes a chunk and keeps what lies in the range.
    mutating func appendDecoded(_ bytes: [UInt8], within range: TimeRange) throws {
        let start = timestamps.count
        try ChunkCodec.decode(bytes, intoTimestamps: &timestamps, values: &values)
        let to = timestamps[start...].partitioningIndex { $0 > range.through }
        timestamps.removeSubrange(to...)
        values.removeSubrange(to...)
        let from = timestamps[start...].partitioningIndex { $0 >= range.from }
        if from > start {
            timestamps.removeSubrange(start..<from)
            values.removeSubrange(start..<from)
        }
    }

    /// Pieces of at most `length` samples, in order.
    func split(every length: Int) -> [SampleColumns] {
        stride(from: 0, to: count, by: length).map { start in
            let end = min(start + length, count)
            return SampleColumns(timestamps: Array(timestamps[start..<end]), values: Array(values[start..<end]))
        }
    }

    /// Makes one ascending column of several, each ascending. Where two have the same timestamp, the sample of the later
    /// part wins.
    static func merged(_ parts: [SampleColumns]) -> (columns: SampleColumns, duplicates: Int) {
        var result = SampleColumns()
        var isDisjoint = true
        for part in parts where !part.isEmpty {
            if let last = result.timestamps.last, part.timestamps[0] <= last { isDisjoint = false }
            result.timestamps.append(contentsOf: part.timestamps)
            result.values.append(contentsOf: part.values)
        }
        guard !isDisjoint else { return (result, 0) }
        let order = result.timestamps.indices.sorted {
            (result.timestamps[$0], $0) < (result.timestamps[$1], $1)
        }
        var merged = SampleColumns()
        for index in order {
            if merged.timestamps.last == result.timestamps[index] {
                merged.values[merged.count - 1] = result.values[index]
            } else {
                merged.timestamps.append(result.timestamps[index])
                merged.values.append(result.values[index])
            }
        }
        return (merged, result.count - merged.count)
    }
}

extension RandomAccessCollection {
    /// The first index whose element satisfies the predicate; elements that do not must all come before those that do.
    /// O(log count).
    func partitioningIndex(where belongsToSecondPart: (Element) throws -> Bool) rethrows -> Index {
        var low = startIndex
        var length = count
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if try belongsToSecondPart(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
