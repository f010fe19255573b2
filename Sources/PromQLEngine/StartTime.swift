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

/// When the counting of each number of a series began, milliseconds, 0 where that is not known; empty if it is known of none.
struct NumberStarts: Sendable {
    /// Kept beside the column, so that inner loops need not look into that.
    let isKnown: Bool
    private let column: [Int64]

    init(_ column: [Int64] = []) {
        self.column = column
        isKnown = !column.isEmpty
    }

    /// Whether counting began anew between a number and the one before; `index` is at least 1.
    func isReset(_ index: Int, _ times: UnsafeBufferPointer<Int64>) -> Bool {
        isKnown
            && StartTime.isReset(
                previousStart: column[index - 1], previous: times[index - 1], start: column[index], time: times[index])
    }

    /// Whether a number claims to count from before the one before it; `index` is at least 1.
    func overlaps(_ index: Int, _ times: UnsafeBufferPointer<Int64>) -> Bool {
        isKnown
            && StartTime.overlaps(
                previousStart: column[index - 1], previous: times[index - 1], start: column[index])
    }

    /// When counting began, if that was inside of a window before its first number: the count was zero then.
    func beginning(of window: Window) -> Int64? {
        guard isKnown else { return nil }
        let start = column[window.lower]
        return start != 0 && start > window.start && start < window.times[window.lower] ? start : nil
    }
}
