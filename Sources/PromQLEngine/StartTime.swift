/// What the times at which counting began say about two samples of a series, all in milliseconds; 0 is not known.
enum StartTime {
    /// Whether counting began anew between two samples. A start at or after its own sample says nothing. One at the sample
    /// before is a new beginning if that sample has a sensible start itself, as in series of deltas.
    static func isReset(previousStart: Int64, previous: Int64, start: Int64, time: Int64) -> Bool {
        if start == 0 || start >= time || start < previous { return false }
        if start > previous { return true }
        return previousStart != 0 && previousStart < previous
    }

    /// Whether a sample claims to count from before the one before it, and not from where that one does.
    static func overlaps(previousStart: Int64, previous: Int64, start: Int64) -> Bool {
        start != 0 && start < previous && start != previousStart
    }

    static func overlapRemark(_ metricName: String) -> String {
        "sample has start time that overlaps with previous sample timestamp for metric \"\(metricName)\""
    }
}
