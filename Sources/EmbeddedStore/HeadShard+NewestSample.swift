import TimeSeriesStore

extension HeadShard {
    /// The latest window of which something is not in the series' open columns.
    var newestClosedWindow: Int64 { max(windows.keys.max() ?? .min, leaving.keys.max() ?? .min) }

    /// The series' newest sample if it is in the range and its value is at hand; nil if only decoding can tell.
    ///
    /// - Parameter newestClosed: `newestClosedWindow`, which is the same for all series.
    func newest(_ slot: Int, in range: TimeRange, newestClosed: Int64) -> (time: Int64, value: Double)? {
        guard slot < current.count, !current[slot].isEmpty else { return nil }
        let window = current[slot].window
        guard window >= newestClosed, range.contains(current[slot].lastTime), let value = current[slot].lastValue
        else { return nil }
        if window == newestClosed, let closed = windows[window] {
            // A late sample may have replaced the latest, and details say that it is more than its value.
            let key = UInt32(slot)
            guard closed.late[key] == nil, closed.details[key] == nil else { return nil }
        }
        return (current[slot].lastTime, value)
    }
}
