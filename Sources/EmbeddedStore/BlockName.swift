import TimeSeriesStore

/// Every name in a folder of blocks. A block's name tells what it holds: `<from>-<to>-<through>.sqlite`, the first
/// millisecond, the one after the last, and the greatest log offset through which it has a window's samples. A block that
/// was rewritten without new samples (compacted, freed of deleted samples) gets `-<generation>` before the suffix.
///
/// Of two blocks that have the same window, the one published later never has the smaller `through`.
struct BlockName: Hashable, Sendable {
    static let folder = "blocks"
    static let suffix = ".sqlite"
    /// Unfinished blocks; removed at start.
    static let temporarySuffix = ".tmp"
    /// Added to a block that cannot be read; it is left for inspection and not served.
    static let damagedSuffix = ".damaged"

    /// Milliseconds since 1970-01-01T00:00:00Z, inclusive.
    let from: Int64
    /// Exclusive.
    let to: Int64
    let through: Int64
    /// 0 for a block as it was flushed.
    let generation: Int64

    init(from: Int64, to: Int64, through: Int64, generation: Int64 = 0) {
        self.from = from
        self.to = to
        self.through = through
        self.generation = generation
    }

    var range: TimeRange { TimeRange(from: from, through: to - 1) }

    var fileName: String {
        let rewrite = generation == 0 ? "" : "-\(generation)"
        return "\(from)-\(to)-\(through)\(rewrite)\(BlockName.suffix)"
    }

    init?(fileName: String) {
        guard fileName.hasSuffix(BlockName.suffix) else { return nil }
        // A time before 1970 has a minus sign of its own, so the parts are read from the right.
        var parts = fileName.dropLast(BlockName.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        var numbers: [Int64] = []
        while !parts.isEmpty {
            var text = String(parts.removeLast())
            if parts.last?.isEmpty == true {
                parts.removeLast()
                text = "-" + text
            }
            guard let number = Int64(text) else { return nil }
            numbers.insert(number, at: 0)
        }
        guard numbers.count == 3 || numbers.count == 4, numbers[0] < numbers[1] else { return nil }
        let generation = numbers.count == 4 ? numbers[3] : 0
        self.init(from: numbers[0], to: numbers[1], through: numbers[2], generation: generation)
        // `-0` and `+5` read as numbers, but no block is called so.
        guard generation >= 0, self.fileName == fileName else { return nil }
    }
}

/// Order in which later blocks win over earlier ones with the same samples.
extension BlockName: Comparable {
    static func < (a: BlockName, b: BlockName) -> Bool {
        (a.through, a.generation, a.from, a.to) < (b.through, b.generation, b.from, b.to)
    }
}

/// The raster that blocks lie on, in milliseconds since 1970-01-01T00:00:00Z. A day is a whole number of windows.
enum BlockTime {
    static let hour: Int64 = 3_600_000
    static let window: Int64 = 7_200_000
    static let day: Int64 = 86_400_000

    /// The multiple of `length` at or below the time; for times within one length of `Int64.min`, which has none, the
    /// lowest multiple there is.
    static func floor(_ time: Int64, to length: Int64) -> Int64 {
        let remainder = time % length
        guard remainder < 0 else { return time - remainder }
        let (start, overflow) = (time - remainder).subtractingReportingOverflow(length)
        return overflow ? time - remainder : start
    }

    static func windowStart(of time: Int64) -> Int64 { floor(time, to: window) }
    static func dayStart(of time: Int64) -> Int64 { floor(time, to: day) }
}
