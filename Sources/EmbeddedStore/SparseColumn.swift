import TimeSeriesStore

/// What some of a series' samples have, by their times. Columns of equal length, ascending strictly by time.
struct SparseColumn<Value: Sendable>: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var timestamps: [Int64] = []
    var values: [Value] = []

    var isEmpty: Bool { timestamps.isEmpty }
    var count: Int { timestamps.count }

    func value(at time: Int64) -> Value? {
        let index = timestamps.partitioningIndex { $0 >= time }
        return index < count && timestamps[index] == time ? values[index] : nil
    }

    /// - Precondition: `time` is after all times here.
    mutating func append(_ time: Int64, _ value: Value) {
        timestamps.append(time)
        values.append(value)
    }

    /// - Precondition: all times of `later` are after those here.
    mutating func append(contentsOf later: SparseColumn) {
        if isEmpty {
            self = later
        } else {
            timestamps += later.timestamps
            values += later.values
        }
    }

    func within(_ range: TimeRange) -> SparseColumn {
        let from = timestamps.partitioningIndex { $0 >= range.from }
        let to = timestamps.partitioningIndex { $0 > range.through }
        if to - from == count { return self }
        return SparseColumn(timestamps: Array(timestamps[from..<to]), values: Array(values[from..<to]))
    }

    func without(_ ranges: [TimeRange]) -> SparseColumn {
        filter { time in !ranges.contains { $0.contains(time) } }
    }

    /// Without what is at one of the times, which ascend. O(count + times), O(log) if they do not overlap.
    func without(_ times: [Int64]) -> SparseColumn {
        guard let first = timestamps.first, let last = timestamps.last else { return self }
        var next = times.partitioningIndex { $0 >= first }
        guard next < times.count, times[next] <= last else { return self }
        return filter { time in
            while next < times.count, times[next] < time { next += 1 }
            return next == times.count || times[next] != time
        }
    }

    private func filter(_ isKept: (Int64) -> Bool) -> SparseColumn {
        var kept = SparseColumn()
        for (time, value) in zip(timestamps, values) where isKept(time) { kept.append(time, value) }
        return kept
    }

    /// Together with another column that has none of the times here.
    func joined(with other: SparseColumn) -> SparseColumn {
        guard let last = timestamps.last, let otherLast = other.timestamps.last else { return isEmpty ? other : self }
        var out = SparseColumn()
        if last < other.timestamps[0] || otherLast < timestamps[0] {
            out = last < other.timestamps[0] ? self : other
            out.append(contentsOf: last < other.timestamps[0] ? other : self)
            return out
        }
        var i = 0
        var j = 0
        while i < count || j < other.count {
            if j == other.count || i < count && timestamps[i] < other.timestamps[j] {
                out.append(timestamps[i], values[i])
                i += 1
            } else {
                out.append(other.timestamps[j], other.values[j])
                j += 1
            }
        }
        return out
    }
}
