import Synchronization
import TelemetryModel
import TimeSeriesStore

/// From the head into blocks.
extension EmbeddedStore {
    /// When a window leaves the head.
    package struct FlushPolicy: Sendable {
        /// Milliseconds after a window's end during which it still waits for late samples.
        package var graceMilliseconds: Int64 = 600_000
        /// A window is flushed at the latest so long after its first sample arrived, whatever time its samples have, so
        /// that samples from the future cannot keep the log from being trimmed.
        package var longestStayMilliseconds: Int64 = 3 * 3_600_000

        package init() {}
    }

    /// What a flush did.
    package struct FlushReport: Sendable {
        package let blocks: Int
        package let samples: Int
        /// Samples that turned out, on merging, to have the timestamp of another one.
        package let duplicates: Int
    }

    /// Takes the windows that are due out of the head. To be called between two appends, when everything through `offset`
    /// has been appended. True if there is something for `writeDetached` to do.
    package func detach(dueAt now: Int64, policy: FlushPolicy, through offset: Int64) -> Bool {
        state.withLock { state in
            if state.detached != nil { return true }
            let due = state.head.windows.filter { window, windowState in
                window + Head.windowLength + policy.graceMilliseconds <= now
                    || windowState.openedAt + policy.longestStayMilliseconds <= now
            }
            guard !due.isEmpty else { return false }
            state.detached = state.head.detach(Set(due.keys), through: offset, at: now)
            return true
        }
    }

    /// Writes the detached windows into blocks.
    ///
    /// - Parameter beforePublishing: runs when the files are complete but before they count: the ledger is written down here.
    /// - Throws: what the disk or SQLite says; the windows stay detached and readable, and the next call tries again.
    package func writeDetached(
        now: Int64, beforePublishing: () throws -> Void
    ) throws -> FlushReport {
        guard let detached = state.withLock({ $0.detached }) else {
            return FlushReport(blocks: 0, samples: 0, duplicates: 0)
        }
        var writers: [BlockWriter] = []
        var samples = 0
        var duplicates = 0
        for range in EmbeddedStore.blockRanges(of: detached.windows, now: min(now, detached.detachedAt)) {
            var series: [(labels: LabelSet, samples: SampleColumns)] = []
            for entry in detached.series {
                let parts = try entry.columns.filter { range.contains($0.window) }.map { column in
                    var columns = SampleColumns()
                    try column.read(.all, into: &columns)
                    return columns
                }
                let (merged, repeated) = SampleColumns.merged(parts)
                guard !merged.isEmpty else { continue }
                series.append((entry.labels, merged))
                samples += merged.count
                duplicates += repeated
            }
            let name = BlockName(from: range.from, to: range.through + 1, through: detached.through)
            let writer = BlockWriter(folder: folder, name: name, files: files)
            try writer.write(series: series, events: detached.events.filter { range.contains($0.timestamp) })
            writers.append(writer)
        }
        try beforePublishing()
        for writer in writers { try writer.publish() }
        let blocks = try writers.map { try Block(folder: folder, name: $0.name) }
        state.withLock { state in
            for block in blocks { state.add(block) }
            state.detached = nil
        }
        return FlushReport(blocks: blocks.count, samples: samples, duplicates: duplicates)
    }

    /// The offset through which the log is no longer needed, if everything through `applied` has been appended.
    package func safeOffset(applied: Int64) -> Int64 {
        state.withLock { state in
            var oldest = state.head.windows.values.map(\.firstOffset).min() ?? applied + 1
            if let detached = state.detached { oldest = min(oldest, detached.firstOffset) }
            return min(oldest - 1, applied)
        }
    }

    /// Two-hour windows go into a block of their own, those of a day that is over into one block of that day. A block's
    /// range says which windows it has through its offset, so a day's block may only be cut if no window of the day stays
    /// behind in the head.
    private static func blockRanges(of windows: Set<Int64>, now: Int64) -> [TimeRange] {
        let day: Int64 = 86_400_000
        var ranges: Set<TimeRange> = []
        for window in windows {
            let remainder = window % day
            let start = window - (remainder < 0 ? remainder + day : remainder)
            if start + 2 * day <= now {
                ranges.insert(TimeRange(from: start, through: start + day - 1))
            } else {
                ranges.insert(TimeRange(from: window, through: window + Head.windowLength - 1))
            }
        }
        return ranges.sorted { $0.from < $1.from }
    }
}
