import Synchronization
package import TelemetryModel
import TimeSeriesStore

extension EmbeddedStore {
    /// Appends columns of equal length that came with one log offset. Returns the indices of those that were not new: a
    /// sample of the same series and timestamp was there (of the two the later one is kept), and the event, if there is one,
    /// with the same message as well. O(samples) without a
    /// search for those that are later than their series' newest.
    ///
    /// - Parameters:
    ///   - histograms: samples that are native histograms; their elements of `values` are not used.
    ///   - starts: what is known of when the counting of samples, numbers or histograms, began. A sample is the same as
    ///     another one only if that is the same, too.
    ///   - isReplay: the offset may be in blocks already, or its samples deleted since; what blocks have is passed
    ///     over, and not reported.
    package func append(
        _ ids: [StoredSeriesID], timestamps: [Int64], values: [Double], histograms: [RecordHistogram] = [],
        starts: [RecordStart] = [], events: [(index: Int, event: OperationalEvent)], offset: Int64, arrivedAt: Int64,
        isReplay: Bool
    ) -> [Int] {
        let inBlocks = open(EmbeddedStore.windows(of: timestamps), offset, arrivedAt, isReplay: isReplay)
        let deleted = isReplay ? deletedSamples(ids, timestamps, offset: offset) : []
        var duplicates: [Int] = []
        var replaced = 0
        let leftOut = put(
            ids, timestamps, values, BatchDetails(histograms, starts, count: ids.count), without: deleted,
            isPassedOver: { inBlocks.contains($0) }
        ) { index, outcome in
            duplicates.append(index)
            if outcome == .replaced { replaced += 1 }
        }
        let repeated = Set(duplicates)
        let here = events.filter { index, event in
            !deleted.contains(index) && !inBlocks.contains(Head.window(of: event.timestamp))
        }
        // Several events may share a sample; one that is repeated says the same.
        var news: Set<Int> = []
        state.withLock { state in
            state.counts.headSamples += ids.count - duplicates.count - deleted.count - leftOut
            state.counts.replacedValues += replaced
            for (index, event) in here where !repeated.contains(index) || !state.events.contains(event) {
                state.events.append(event)
                state.windows[Head.window(of: event.timestamp)]?.amount.add(event)
                news.insert(index)
            }
        }
        return duplicates.filter { !news.contains($0) }.sorted()
    }

    /// Puts what is not deleted into the head. Parameters and result as of `Head.append`.
    private func put(
        _ ids: [StoredSeriesID], _ times: [Int64], _ values: [Double], _ details: BatchDetails?,
        without deleted: Set<Int>, isPassedOver: (Int64) -> Bool, report: (Int, InsertOutcome) -> Void
    ) -> Int {
        if !deleted.isEmpty {
            let kept = ids.indices.filter { !deleted.contains($0) }
            return put(
                kept.map { ids[$0] }, kept.map { times[$0] }, kept.map { values[$0] }, details?.only(kept), without: [],
                isPassedOver: isPassedOver
            ) { report(kept[$0], $1) }
        }
        guard let details else {
            return head.append(ids, times, values, isPassedOver: isPassedOver, report: report)
        }
        return head.append(ids, times, values, details, isPassedOver: isPassedOver, report: report)
    }

    /// The two-hour windows in which the times lie, almost always one or two, and how many lie in each.
    private static func windows(of times: [Int64]) -> [Int64: Int] {
        var windows: [Int64: Int] = [:]
        var current = Int64.max
        var first = 0
        for (index, time) in times.enumerated() where time < current || time >= current &+ Head.windowLength {
            if index > first { windows[current, default: 0] += index - first }
            (current, first) = (Head.window(of: time), index)
        }
        if first < times.count { windows[current, default: 0] += times.count - first }
        return windows
    }

    /// Notes how much comes for the windows and which log offsets they need; returns those that blocks have through this
    /// offset.
    private func open(_ windows: [Int64: Int], _ offset: Int64, _ arrivedAt: Int64, isReplay: Bool) -> Set<Int64> {
        state.withLock { state in
            var inBlocks: Set<Int64> = []
            for (window, samples) in windows {
                if isReplay, let through = state.flushedThrough[window], through >= offset {
                    inBlocks.insert(window)
                } else {
                    let opened = WindowState(firstOffset: offset, openedAt: arrivedAt)
                    state.windows[window, default: opened].amount.samples += samples
                }
            }
            return inBlocks
        }
    }

    /// Positions of samples that were deleted after they were logged: a replay must not bring them back.
    private func deletedSamples(_ ids: [StoredSeriesID], _ times: [Int64], offset: Int64) -> Set<Int> {
        let later = state.withLock { $0.tombstones.filter { $0.offset >= offset } }
        guard !later.isEmpty else { return [] }
        // Which deletes take from a series is worked out once for the batch.
        var ranges: [StoredSeriesID: [TimeRange]] = [:]
        var deleted: Set<Int> = []
        for (index, id) in ids.enumerated() {
            if ranges[id] == nil {
                let labels = head.index.withLock { $0.labels(of: UInt32(id.rawValue)) }
                ranges[id] = later.filter { $0.matchers.allSatisfy { $0.accepts(labels) } }.map(\.range)
            }
            if ranges[id]?.contains(where: { $0.contains(times[index]) }) == true { deleted.insert(index) }
        }
        return deleted
    }
}
