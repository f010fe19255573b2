import ChunkCodec
import Synchronization
import TelemetryModel
import TimeSeriesStore

/// From the head into blocks.
extension EmbeddedStore {
    /// When a window leaves the head.
    package struct FlushPolicy: Sendable {
        /// Milliseconds after a window's end, and after its first sample's arrival, during which it still waits for late
        /// samples.
        package var graceMilliseconds: Int64 = 600_000
        /// A window is flushed at the latest so long after its first sample arrived, whatever time its samples have, so
        /// that samples from the future cannot keep the log from being trimmed.
        package var longestStayMilliseconds: Int64 = 3 * 3_600_000
        /// Bytes above which windows that are over do not wait for more of their samples to arrive: hours of old data that
        /// are sent in seconds leave memory as they come. Where the series themselves take more, that counts, so that a block
        /// has more of each series than its labels.
        package var maximumBackfillBytes = 32 << 20

        package init() {}
    }

    /// What a flush did.
    package struct FlushReport: Sendable {
        /// Two-hour windows that left the head.
        package var windows = 0
        package var blocks = 0
        package var samples = 0
        package var bytes = 0
    }

    /// Takes the windows that are due out of the head's way. To be called between two appends, when everything through
    /// `offset` has been appended. True if there is something for `writeDetached` to do.
    package func detach(dueAt now: Int64, policy: FlushPolicy, through offset: Int64) -> Bool {
        let isOver = { (window: Int64) in window + Head.windowLength + policy.graceMilliseconds <= now }
        let isCrowded = isCrowded(by: isOver, beyond: policy.maximumBackfillBytes)
        return detach(through: offset) { window, state in
            (isOver(window) && (isCrowded || state.openedAt + policy.graceMilliseconds <= now))
                || state.openedAt + policy.longestStayMilliseconds <= now
        }
    }

    /// Whether windows that are over hold more than `limit`, and more than the series: their share of all samples is taken to
    /// be that of the bytes. False while others are leaving, since nothing can follow them yet. As fast as `Head.columnBytes`,
    /// and as `Head.indexBytes` where there is that much.
    private func isCrowded(by isOver: (Int64) -> Bool, beyond limit: Int) -> Bool {
        let (all, over) = state.withLock { state in
            var (all, over) = (0, HeadAmount())
            guard state.leaving == nil else { return (all, over) }
            for (window, contents) in state.windows {
                all += contents.amount.samples
                if isOver(window) { over += contents.amount }
            }
            return (all, over)
        }
        guard over.samples > 0 else { return false }
        let ofSamples = Double(head.columnBytes) * Double(over.samples) / Double(all)
        let bytes = Int(ofSamples) + over.eventBytes
        return bytes > limit && bytes > head.indexBytes
    }

    /// As `detach(dueAt:policy:through:)` for all windows: at a clean stop.
    package func detachAll(through offset: Int64) -> Bool { detach(through: offset) { _, _ in true } }

    private func detach(through offset: Int64, where isDue: (Int64, WindowState) -> Bool) -> Bool {
        let due: Set<Int64>? = state.withLock { state in
            // One flush at a time: what is on its way is finished first.
            guard state.leaving == nil else { return [] }
            let due = Set(state.windows.filter { isDue($0.key, $0.value) }.keys)
            guard !due.isEmpty else { return nil }
            let isLeaving = { (event: OperationalEvent) in due.contains(Head.window(of: event.timestamp)) }
            state.leaving = LeavingWindows(
                windows: due, events: state.events.list.filter(isLeaving),
                firstOffset: due.compactMap { state.windows[$0]?.firstOffset }.min() ?? offset, through: offset)
            state.events.removeAll(where: isLeaving)
            for window in due { state.windows[window] = nil }
            return due
        }
        guard let due else { return false }
        if !due.isEmpty {
            head.detach(due)
            state.withLock { $0.leaving?.isDetached = true }
        }
        return true
    }

    /// Writes the detached windows into blocks.
    ///
    /// - Parameter beforePublishing: runs when the files are complete but before they count: the ledger is written down here.
    /// - Throws: what the disk or SQLite says; the windows stay detached and readable, and the next call tries again.
    package func writeDetached(now: Int64, beforePublishing: () throws -> Void) throws -> FlushReport {
        try flushTurn.withLock { _ in
            guard let leaving = state.withLock({ $0.leaving }), leaving.isDetached else { return FlushReport() }
            var report = FlushReport()
            var builders: [BlockBuilder] = []
            do {
                for range in EmbeddedStore.blockRanges(of: leaving.windows, now: now) {
                    var builder = try build(range, of: leaving)
                    try builder.finish()
                    if builder.seriesCount == 0, builder.eventCount == 0 {
                        builder.discard()
                        continue
                    }
                    report.samples += builder.sampleCount
                    builders.append(builder)
                }
                try beforePublishing()
                for builder in builders { try builder.publish() }
            } catch {
                for var builder in builders { builder.discard() }
                throw error
            }
            let blocks = try builders.map {
                try Block(files: files, folder: blockFolder, name: $0.name, cache: labelCache)
            }
            report.blocks = blocks.count
            report.bytes = blocks.reduce(0) { $0 + $1.byteCount }
            state.withLock { state in
                for block in blocks { state.add(block, now: now) }
                state.leaving?.events = []
            }
            head.forget(leaving.windows)
            // Not before: the next windows to leave may be the same ones.
            state.withLock { $0.leaving = nil }
            report.windows = leaving.windows.count
            return report
        }
    }

    private func build(_ range: TimeRange, of leaving: LeavingWindows) throws -> BlockBuilder {
        let windows = leaving.windows.filter { range.contains($0) }
        var builder = try BlockBuilder(
            files: files, folder: blockFolder,
            name: BlockName(from: range.from, to: range.through + 1, through: leaving.through),
            windowsThrough: Dictionary(uniqueKeysWithValues: windows.map { ($0, leaving.through) }), effort: .fast)
        let series = head.index.withLock { $0.series(matching: []) }
        for start in stride(from: 0, to: series.count, by: EmbeddedStore.seriesAtOnce) {
            let slice = series[start..<min(start + EmbeddedStore.seriesAtOnce, series.count)]
            let images = head.images(of: slice, in: range)
            for (number, image) in zip(slice, images) where !image.leaving.isEmpty || !image.leavingLate.isEmpty {
                let columns = image.decodedLeaving()
                guard !columns.isEmpty else { continue }
                try builder.add(
                    head.index.withLock { $0.labels(of: number) }, columns, image.decodedLeavingDetails())
            }
        }
        let events = leaving.events.filter { range.contains($0.timestamp) }
        for event in events.sorted(by: { $0.timestamp < $1.timestamp }) { try builder.add(event) }
        return builder
    }

    /// Series whose samples are copied out of the head together.
    static let seriesAtOnce = 1024

    /// The offset through which the log is no longer needed, if everything through `applied` has been appended.
    package func safeOffset(applied: Int64) -> Int64 {
        let ofExemplars = exemplars.firstOffset ?? .max
        return state.withLock { state in
            var oldest = min(ofExemplars, state.windows.values.map(\.firstOffset).min() ?? applied + 1)
            if let leaving = state.leaving { oldest = min(oldest, leaving.firstOffset) }
            return min(oldest - 1, applied)
        }
    }

    /// Two-hour windows go into a block of their own, those of a day that is over into one block of that day.
    private static func blockRanges(of windows: Set<Int64>, now: Int64) -> [TimeRange] {
        var ranges: Set<TimeRange> = []
        for window in windows {
            let day = BlockTime.dayStart(of: window)
            if day + 2 * BlockTime.day <= now {
                ranges.insert(TimeRange(from: day, through: day + BlockTime.day - 1))
            } else {
                ranges.insert(TimeRange(from: window, through: window + Head.windowLength - 1))
            }
        }
        return ranges.sorted { $0.from < $1.from }
    }
}
