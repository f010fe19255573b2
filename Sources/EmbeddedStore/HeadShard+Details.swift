import NativeHistograms
import TimeSeriesStore

/// Histograms and start timestamps. A plain sample's way never leads here, unless it comes late.
extension HeadShard {
    /// Puts a sample in that has something beside or in place of its value. Of two samples at one time the later one counts
    /// with all that it has; it is a duplicate only if all of it is the same.
    ///
    /// - Parameters:
    ///   - value: not used for a histogram.
    ///   - window: the two-hour window of `time`.
    mutating func insert(
        _ slot: Int, _ time: Int64, _ value: Double, _ detail: SampleDetail, window: Int64,
        _ powers: UnsafeBufferPointer<Double>
    ) -> InsertOutcome {
        let key = UInt32(slot)
        let value = detail.histogram == nil ? value : SampleDetails.valueBesideHistogram
        let previous = latestTime(slot, window: window)
        guard let previous, time <= previous else {
            let outcome = insert(slot, time, value, window: window, powers)
            if !detail.isEmpty {
                windows[window, default: Window()].details[key, default: HeadDetails()]
                    .append(time, detail, previous: previous)
            }
            return outcome
        }
        let known = windows[window]?.details[key]?.detail(at: time) ?? SampleDetail()
        if known.isSame(as: detail), let stored = knownValue(slot, time, window: window),
            stored.bitPattern == value.bitPattern
        {
            return .duplicate
        }
        clearDetails(slot, time, window: window)
        let outcome = insert(slot, time, value, window: window, powers)
        if !detail.isEmpty {
            windows[window, default: Window()].details[key, default: HeadDetails()].set(time, detail)
        }
        return outcome == .stored ? .stored : .replaced
    }

    /// Forgets what a sample has beside its value; true if there was anything. Before a plain sample takes its place.
    @discardableResult
    mutating func clearDetails(_ slot: Int, _ time: Int64, window: Int64) -> Bool {
        windows[window]?.clearDetails(UInt32(slot), at: time) == true
    }

    /// The time of the window's latest sample.
    private func latestTime(_ slot: Int, window: Int64) -> Int64? {
        if slot < current.count, !current[slot].isEmpty, current[slot].window == window {
            return current[slot].lastTime
        }
        return windows[window]?.columns[UInt32(slot)]?.last?.lastTime
    }
}
