/// Every name in the store's folder. A block's name tells what it holds: `<from>-<to>-<through>.sqlite`, the first
/// millisecond, the one after the last, and the log offset through which it has its windows' samples.
struct BlockName: Hashable, Sendable {
    static let folder = "blocks"
    static let suffix = ".sqlite"
    /// Unfinished blocks; removed at start.
    static let temporarySuffix = ".tmp"
    /// Added to a block that cannot be read; it is left for inspection and not served.
    static let damagedSuffix = ".damaged"

    let from: Int64
    let to: Int64
    let through: Int64

    init(from: Int64, to: Int64, through: Int64) {
        self.from = from
        self.to = to
        self.through = through
    }

    var fileName: String { "\(from)-\(to)-\(through)\(BlockName.suffix)" }

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
        guard numbers.count == 3, numbers[0] < numbers[1] else { return nil }
        self.init(from: numbers[0], to: numbers[1], through: numbers[2])
    }
}
