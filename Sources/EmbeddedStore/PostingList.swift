/// Ascending series ids as bytes: LEB128 differences, the first to −1. A difference is never 0, so 0 stands for a run: it is
/// followed by the number (at least 1) of ids that each follow their predecessor. Series are numbered by labels, so that
/// the lists of a metric's name and of what it is sorted by next are a few runs.
enum PostingList {
    /// Runs shorter than this are written as differences of 1, which take no more room.
    private static let shortestRun = 4

    /// - Precondition: `ids` ascend strictly and are not negative.
    static func encode(_ ids: some Sequence<Int>) -> [UInt8] {
        var out: [UInt8] = []
        var previous = -1
        var run = 0
        for id in ids {
            precondition(id > previous, "ids ascend")
            if id == previous + 1 {
                run += 1
            } else {
                append(run: run, to: &out)
                run = 0
                out.append(varint: UInt64(id - previous))
            }
            previous = id
        }
        append(run: run, to: &out)
        return out
    }

    private static func append(run: Int, to out: inout [UInt8]) {
        if run < shortestRun {
            for _ in 0..<run { out.append(1) }
        } else {
            out.append(0)
            out.append(varint: UInt64(run))
        }
    }

    /// Adds the ids to the set. False if the bytes are not a list of ids below the set's limit; some may then be added.
    static func decode(_ bytes: UnsafeRawBufferPointer, into set: inout SeriesBitmap) -> Bool {
        var current = -1
        var offset = 0
        while offset < bytes.count {
            // A list cannot name an id beyond the limit, so the sums below cannot overflow.
            guard let number = bytes.varint(at: &offset), number <= UInt64(set.limit) else { return false }
            if number > 0 {
                current += Int(number)
                guard current < set.limit else { return false }
                set.insert(current)
            } else {
                guard let run = bytes.varint(at: &offset), run > 0, run <= UInt64(set.limit - 1 - current) else {
                    return false
                }
                set.insert(current + 1...current + Int(run))
                current += Int(run)
            }
        }
        return true
    }
}

/// A set of series ids below a limit.
struct SeriesBitmap: Sendable, Equatable {
    let limit: Int
    private var words: [UInt64]

    init(limit: Int, isFull: Bool = false) {
        self.limit = limit
        words = [UInt64](repeating: isFull ? ~0 : 0, count: (limit + 63) / 64)
        if isFull, limit % 64 != 0 { words[words.count - 1] = (1 << UInt64(limit % 64)) - 1 }
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func contains(_ id: Int) -> Bool { words[id / 64] & (1 << UInt64(id % 64)) != 0 }

    mutating func insert(_ id: Int) { words[id / 64] |= 1 << UInt64(id % 64) }
    mutating func remove(_ id: Int) { words[id / 64] &= ~(1 << UInt64(id % 64)) }

    mutating func insert(_ ids: ClosedRange<Int>) {
        let first = ids.lowerBound / 64
        let last = ids.upperBound / 64
        let head = ~UInt64(0) << UInt64(ids.lowerBound % 64)
        let tail = ~UInt64(0) >> UInt64(63 - ids.upperBound % 64)
        if first == last {
            words[first] |= head & tail
        } else {
            words[first] |= head
            for index in first + 1..<last { words[index] = ~0 }
            words[last] |= tail
        }
    }

    /// Both sets have the same limit.
    mutating func formIntersection(_ other: SeriesBitmap) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: SeriesBitmap) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// Ascending.
    var ids: [Int] {
        var ids: [Int] = []
        ids.reserveCapacity(count)
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                ids.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return ids
    }
}
