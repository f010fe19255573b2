import Dispatch
import Synchronization
import TelemetryModel
import TimeSeriesStore

/// A series of the store: dense, from 0, within one process.
package struct StoredSeriesID: Hashable, Sendable {
    package let rawValue: Int

    /// Series are dealt to the shards in turn.
    var shard: Int { rawValue & (Head.shardCount - 1) }
    var slot: Int { rawValue / Head.shardCount }
}

/// What is in memory and not yet in a block: compressed samples in shards, and one inverted index over their series.
///
/// Samples come from one thread at a time; reads from any. A read holds a shard's lock for copying compressed bytes of a few
/// series, and decodes them afterwards.
final class Head: Sendable {
    /// Two hours: blocks are aligned to it.
    static let windowLength: Int64 = 7_200_000
    static let shardCount = 16
    /// Series that a read copies under one lock.
    static let copiedAtOnce = 256

    final class Shard: Sendable {
        let contents = Mutex(HeadShard())
    }

    let shards = (0..<Head.shardCount).map { _ in Shard() }
    let index = Mutex(HeadIndex())

    static func window(of time: Int64) -> Int64 {
        let remainder = time % windowLength
        return time &- (remainder < 0 ? remainder &+ windowLength : remainder)
    }

    static func overlaps(_ window: Int64, _ range: TimeRange) -> Bool {
        window != .min && window <= range.through && window &+ (windowLength - 1) >= range.from
    }

    func id(for labels: LabelSet) -> StoredSeriesID {
        StoredSeriesID(rawValue: Int(index.withLock { $0.insert(labels) }))
    }

    // MARK: Appending

    /// Puts columns of equal length in; calls `report` for every sample that was not new, in no particular order. Samples of
    /// windows for which `isPassedOver` is true are left out.
    ///
    /// Shards are locked one after the other, each once.
    /// - Returns: how many were left out.
    func append(
        _ ids: [StoredSeriesID], _ times: [Int64], _ values: [Double], isPassedOver: (Int64) -> Bool,
        report: (Int, InsertOutcome) -> Void
    ) -> Int {
        var leftOut = 0
        let order = ids.count < Head.shardCount ? Array(0..<ids.count) : Head.byShard(ids)
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            var next = 0
            while next < order.count {
                let shard = ids[order[next]].shard
                var end = next + 1
                while end < order.count, ids[order[end]].shard == shard { end += 1 }
                let span = next..<end
                shards[shard].contents.withLock { contents in
                    var window = Int64.min
                    var isLeftOut = false
                    for position in span {
                        let index = order[position]
                        let time = times[index]
                        if window == .min || time < window || time >= window &+ Head.windowLength {
                            window = Head.window(of: time)
                            isLeftOut = isPassedOver(window)
                        }
                        if isLeftOut {
                            leftOut += 1
                            continue
                        }
                        let outcome = contents.insert(ids[index].slot, time, values[index], window: window, powers)
                        if outcome != .stored { report(index, outcome) }
                    }
                }
                next = end
            }
        }
        return leftOut
    }

    /// As `append` of plain samples, for a batch of which some have details.
    func append(
        _ ids: [StoredSeriesID], _ times: [Int64], _ values: [Double], _ details: BatchDetails,
        isPassedOver: (Int64) -> Bool, report: (Int, InsertOutcome) -> Void
    ) -> Int {
        var leftOut = 0
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            for (shard, positions) in Head.groupedByShard(ids.map { UInt32($0.rawValue) }[...]) {
                shards[shard].contents.withLock { contents in
                    for index in positions {
                        let (slot, time, value) = (ids[index].slot, times[index], values[index])
                        let window = Head.window(of: time)
                        if isPassedOver(window) {
                            leftOut += 1
                            continue
                        }
                        let outcome =
                            details[index].map {
                                contents.insert(slot, time, value, $0, window: window, powers)
                            } ?? contents.insert(slot, time, value, window: window, powers)
                        if outcome != .stored { report(index, outcome) }
                    }
                }
            }
        }
        return leftOut
    }

    /// Positions grouped by shard, in order within each: a counting sort.
    private static func byShard(_ ids: [StoredSeriesID]) -> [Int] {
        var starts = [Int](repeating: 0, count: shardCount + 1)
        for id in ids { starts[id.shard + 1] += 1 }
        for shard in 1...shardCount { starts[shard] += starts[shard - 1] }
        return [Int](unsafeUninitializedCapacity: ids.count) { order, count in
            for index in ids.indices {
                // Every position is written once: `starts` are the shards' first positions, each below ids.count.
                let shard = ids[index].shard
                order[starts[shard]] = index
                starts[shard] += 1
            }
            count = ids.count
        }
    }

    // MARK: Reading

    /// What the series with these numbers have in the range, copied out: an image each, perhaps empty. Not all of one moment:
    /// what is appended meanwhile may be in some.
    func images(of series: ArraySlice<UInt32>, in range: TimeRange) -> [HeadImage] {
        var images = [HeadImage](repeating: HeadImage(range: range), count: series.count)
        for (shard, positions) in Head.groupedByShard(series) {
            for start in stride(from: 0, to: positions.count, by: Head.copiedAtOnce) {
                shards[shard].contents.withLock { contents in
                    for position in positions[start..<min(start + Head.copiedAtOnce, positions.count)] {
                        let id = StoredSeriesID(rawValue: Int(series[series.startIndex + position]))
                        contents.copy(id.slot, in: range, into: &images[position])
                    }
                }
            }
        }
        return images
    }

    /// The newest sample in the range of each of these series, where it can be told without decoding anything.
    func newest(of series: ArraySlice<UInt32>, in range: TimeRange) -> [(time: Int64, value: Double)?] {
        var found = [(time: Int64, value: Double)?](repeating: nil, count: series.count)
        for (shard, positions) in Head.groupedByShard(series) {
            shards[shard].contents.withLock { contents in
                let newestClosed = contents.newestClosedWindow
                for position in positions {
                    let id = StoredSeriesID(rawValue: Int(series[series.startIndex + position]))
                    found[position] = contents.newest(id.slot, in: range, newestClosed: newestClosed)
                }
            }
        }
        return found
    }

    /// Those of the series that have a sample in the range, in their order.
    func withSamples(_ series: [UInt32], in range: TimeRange) -> [UInt32] {
        var isPresent = [Bool](repeating: false, count: series.count)
        for (shard, positions) in Head.groupedByShard(series[...]) {
            shards[shard].contents.withLock { contents in
                for position in positions {
                    let id = StoredSeriesID(rawValue: Int(series[position]))
                    isPresent[position] = contents.hasSamples(id.slot, in: range)
                }
            }
        }
        return zip(series, isPresent).filter(\.1).map(\.0)
    }

    private static func groupedByShard(_ series: ArraySlice<UInt32>) -> [(shard: Int, positions: [Int])] {
        var groups = [[Int]](repeating: [], count: shardCount)
        for (position, number) in series.enumerated() { groups[Int(number) & (shardCount - 1)].append(position) }
        return groups.enumerated().filter { !$0.element.isEmpty }.map { ($0.offset, $0.element) }
    }

    // MARK: Leaving

    func detach(_ windows: Set<Int64>) { for shard in shards { shard.contents.withLock { $0.detach(windows) } } }
    func forget(_ windows: Set<Int64>) { for shard in shards { shard.contents.withLock { $0.forget(windows) } } }

    /// Removes the series' samples in the range; returns how many. No window may be leaving.
    func remove(_ series: [UInt32], in range: TimeRange) -> Int {
        series.reduce(0) { removed, number in
            let id = StoredSeriesID(rawValue: Int(number))
            return removed + shards[id.shard].contents.withLock { $0.remove(id.slot, in: range) }
        }
    }

    /// Bytes that the columns take, those that are leaving included. O(windows, series with late samples or details).
    var columnBytes: Int { shards.reduce(0) { $0 + $1.contents.withLock { $0.byteCount } } }

    /// Bytes that the index takes, with its texts. O(label pairs).
    var indexBytes: Int { index.withLock { $0.byteCount } }
}
