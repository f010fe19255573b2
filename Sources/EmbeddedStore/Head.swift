import TelemetryModel
import TimeSeriesStore

/// A series of the store: dense, from 0, within one process.
package struct StoredSeriesID: Hashable, Sendable {
    package let rawValue: Int
}

/// What is in memory and not yet in a block. Not thread-safe: `EmbeddedStore` holds the lock.
struct Head: Sendable {
    struct Series: Sendable {
        let labels: LabelSet
        /// Ascending by window; almost always one or two.
        var columns: [WindowColumn] = []
    }

    /// What the log must keep for a window, and since when.
    struct WindowState: Sendable {
        var firstOffset: Int64
        var lastOffset: Int64
        /// When its first sample arrived, milliseconds since 1970-01-01T00:00:00Z.
        let openedAt: Int64
    }

    /// Two hours: blocks are aligned to it.
    static let windowLength: Int64 = 7_200_000

    private(set) var series: [Series] = []
    private var ids: [LabelSet: Int] = [:]
    private(set) var index = LabelIndex()
    private(set) var windows: [Int64: WindowState] = [:]
    private(set) var events: [OperationalEvent] = []
    private(set) var sampleCount = 0

    static func window(of time: Int64) -> Int64 {
        let remainder = time % windowLength
        return time - (remainder < 0 ? remainder + windowLength : remainder)
    }

    mutating func id(for labels: LabelSet) -> StoredSeriesID {
        if let known = ids[labels] { return StoredSeriesID(rawValue: known) }
        let id = series.count
        series.append(Series(labels: labels))
        ids[labels] = id
        index.insert(labels, as: id)
        return StoredSeriesID(rawValue: id)
    }

    mutating func insert(
        _ id: StoredSeriesID, _ time: Int64, _ value: Double
    ) -> WindowColumn.Outcome {
        let window = Head.window(of: time)
        let outcome: WindowColumn.Outcome
        let last = series[id.rawValue].columns.count - 1
        if last >= 0, series[id.rawValue].columns[last].window == window {
            outcome = series[id.rawValue].columns[last].insert(time, value)
        } else {
            outcome = insertIntoOtherWindow(id, window, time, value)
        }
        if outcome == .stored { sampleCount += 1 }
        return outcome
    }

    /// Notes that the window holds data of this offset. Called once per batch and window by `EmbeddedStore`.
    mutating func touch(window: Int64, offset: Int64, arrivedAt: Int64) {
        windows[window, default: WindowState(firstOffset: offset, lastOffset: offset, openedAt: arrivedAt)].lastOffset =
            offset
    }

    mutating func append(_ event: OperationalEvent) { events.append(event) }

    /// Takes the windows' samples and events out.
    mutating func detach(_ leaving: Set<Int64>, through: Int64, at now: Int64) -> DetachedWindows {
        var columns: [(labels: LabelSet, columns: [WindowColumn])] = []
        for id in series.indices {
            let taken = series[id].columns.filter { leaving.contains($0.window) }
            guard !taken.isEmpty else { continue }
            series[id].columns.removeAll { leaving.contains($0.window) }
            columns.append((series[id].labels, taken))
        }
        let taken = events.filter { leaving.contains(Head.window(of: $0.timestamp)) }
        events.removeAll { leaving.contains(Head.window(of: $0.timestamp)) }
        let firstOffset = leaving.compactMap { windows[$0]?.firstOffset }.min() ?? 0
        for window in leaving { windows[window] = nil }
        columns.sort { $0.labels < $1.labels }
        return DetachedWindows(
            windows: leaving, detachedAt: now, series: columns, events: taken, firstOffset: firstOffset,
            through: through)
    }

    private mutating func insertIntoOtherWindow(
        _ id: StoredSeriesID, _ window: Int64, _ time: Int64, _ value: Double
    ) -> WindowColumn.Outcome {
        let position = series[id.rawValue].columns.partitioningIndex { $0.window >= window }
        let exists =
            position < series[id.rawValue].columns.count && series[id.rawValue].columns[position].window == window
        if !exists { series[id.rawValue].columns.insert(WindowColumn(window: window), at: position) }
        return series[id.rawValue].columns[position].insert(time, value)
    }
}

/// Windows on their way from the head into blocks; still readable from here.
struct DetachedWindows: Sendable {
    let windows: Set<Int64>
    /// The time by which they were due; windows that became due since are still in the head.
    let detachedAt: Int64
    /// Ascending by labels.
    let series: [(labels: LabelSet, columns: [WindowColumn])]
    let events: [OperationalEvent]
    /// The oldest log offset whose samples are in here.
    let firstOffset: Int64
    /// The offset through which these windows are complete.
    let through: Int64
}
