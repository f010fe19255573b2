/// Which blocks are next to be merged. Pure: blocks' descriptions and the time in, a job out.
///
/// Windows of a day that is over go into one block of that day; blocks of a day that is not over are merged if they have the
/// same windows. What came late waits until there is enough of it, or it has waited long enough. Since a merge has all live
/// blocks of its windows as inputs, its result stands in their place: none of them lies between two others.
struct CompactionPlan: Sendable {
    struct Settings: Sendable {
        /// A day is taken to be over this long after its end.
        var grace: Int64 = 2 * BlockTime.hour
        /// A late block waits at most this long, from when it was published.
        var longestWait: Int64 = BlockTime.hour
        /// Late blocks do not wait once they have this share of all bytes of their windows…
        var worthwhileShare = 0.1
        /// …or there are so many of them.
        var worthwhileCount = 8
    }

    struct Candidate: Sendable {
        let name: BlockName
        let windowsThrough: [Int64: Int64]
        let byteCount: Int
        /// When it was published, or found at start; milliseconds since 1970-01-01T00:00:00Z.
        let knownSince: Int64
        /// Deleted or expired samples in it are worth a rewriting.
        var isRewriteDue = false
    }

    struct Job: Sendable, Equatable {
        /// Ascending: later ones win.
        let inputs: [BlockName]
        let output: BlockName
        /// The greatest offset of the inputs, for each window by itself.
        let windowsThrough: [Int64: Int64]
    }

    var settings = Settings()

    /// The next job, of the oldest day that has one; nil if nothing is to be done now.
    func nextJob(_ candidates: [Candidate], now: Int64) -> Job? {
        let days = Dictionary(grouping: candidates) { BlockTime.dayStart(of: $0.name.from) }
        for (day, blocks) in days.sorted(by: { $0.key < $1.key }) {
            let isOver = day + BlockTime.day + settings.grace <= now
            let job = isOver ? dayJob(day, blocks, now: now) : windowJob(blocks, now: now)
            if let job { return job }
        }
        return nil
    }

    private func dayJob(_ day: Int64, _ blocks: [Candidate], now: Int64) -> Job? {
        let isDone = blocks.contains { $0.name.to - $0.name.from == BlockTime.day }
        if isDone {
            guard blocks.contains(where: \.isRewriteDue) || isWorthwhile(blocks, now: now) else { return nil }
        }
        return job(blocks, from: day, to: day + BlockTime.day)
    }

    private func windowJob(_ blocks: [Candidate], now: Int64) -> Job? {
        for group in CompactionPlan.overlapping(blocks) {
            guard group.contains(where: \.isRewriteDue) || isWorthwhile(group, now: now) else { continue }
            let from = group.map(\.name.from).min() ?? 0
            let to = group.map(\.name.to).max() ?? 0
            return job(group, from: from, to: to)
        }
        return nil
    }

    /// Whether the late ones among blocks of the same windows are to be merged into the largest of them now.
    private func isWorthwhile(_ blocks: [Candidate], now: Int64) -> Bool {
        guard blocks.count > 1, let largest = blocks.max(by: { $0.byteCount < $1.byteCount }) else { return false }
        let late = blocks.filter { $0.name != largest.name }
        let lateBytes = late.reduce(0) { $0 + $1.byteCount }
        return late.count >= settings.worthwhileCount
            || Double(lateBytes) >= settings.worthwhileShare * Double(lateBytes + largest.byteCount)
            || late.contains { $0.knownSince + settings.longestWait <= now }
    }

    private func job(_ blocks: [Candidate], from: Int64, to: Int64) -> Job {
        let inputs = blocks.map(\.name).sorted()
        let through = inputs.map(\.through).max() ?? 0
        var windows: [Int64: Int64] = [:]
        for block in blocks { windows.merge(block.windowsThrough) { max($0, $1) } }
        // A name that none of the inputs has, and that comes after those with the same offset.
        let generation = inputs.filter { $0.through == through }.map(\.generation).max() ?? 0
        return Job(
            inputs: inputs, output: BlockName(from: from, to: to, through: through, generation: generation + 1),
            windowsThrough: windows)
    }

    /// Groups of blocks whose ranges overlap, directly or through others; ascending by time.
    private static func overlapping(_ blocks: [Candidate]) -> [[Candidate]] {
        var groups: [[Candidate]] = []
        var end = Int64.min
        for block in blocks.sorted(by: { ($0.name.from, $0.name) < ($1.name.from, $1.name) }) {
            if block.name.from < end {
                groups[groups.count - 1].append(block)
            } else {
                groups.append([block])
            }
            end = max(end, block.name.to)
        }
        return groups
    }
}
