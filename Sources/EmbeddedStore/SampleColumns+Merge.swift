import TimeSeriesStore

extension SampleColumns {
    /// Makes one ascending column of several, each ascending. Where several have the same timestamp, the sample of the latest
    /// part wins; `duplicates` counts the others. O(samples · log parts).
    static func merged(_ parts: [SampleColumns]) -> (columns: SampleColumns, duplicates: Int) {
        var joiner = TimestampJoiner()
        return merged(parts, joiner: &joiner)
    }

    static func merged(
        _ parts: [SampleColumns], joiner: inout TimestampJoiner
    ) -> (columns: SampleColumns, duplicates: Int) {
        var rest = parts.filter { !$0.isEmpty }
        let total = rest.reduce(0) { $0 + $1.count }
        // The usual case, days one after the other: each sample is copied once.
        if rest.count > 1, let joined = joined(rest, total, &joiner) { return (joined, 0) }
        while rest.count > 1 {
            rest = stride(from: 0, to: rest.count, by: 2).map { index in
                index + 1 < rest.count ? merged(rest[index], rest[index + 1]) : rest[index]
            }
        }
        let columns = rest.first ?? SampleColumns()
        return (columns, total - columns.count)
    }

    /// Of equal timestamps the sample of `b` stays.
    private static func merged(_ a: SampleColumns, _ b: SampleColumns) -> SampleColumns {
        if a.timestamps[a.count - 1] < b.timestamps[0] { return joined(a, b) }
        if b.timestamps[b.count - 1] < a.timestamps[0] { return joined(b, a) }
        var out = SampleColumns()
        out.timestamps.reserveCapacity(a.count + b.count)
        out.values.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            if j == b.count || (i < a.count && a.timestamps[i] < b.timestamps[j]) {
                out.timestamps.append(a.timestamps[i])
                out.values.append(a.values[i])
                i += 1
            } else {
                if i < a.count, a.timestamps[i] == b.timestamps[j] { i += 1 }
                out.timestamps.append(b.timestamps[j])
                out.values.append(b.values[j])
                j += 1
            }
        }
        return out
    }

    /// The parts in order of time; nil if two of them overlap.
    private static func joined(
        _ parts: [SampleColumns], _ total: Int, _ joiner: inout TimestampJoiner
    ) -> SampleColumns? {
        let ordered = parts.sorted { $0.timestamps[0] < $1.timestamps[0] }
        guard zip(ordered, ordered.dropFirst()).allSatisfy({ $0.timestamps[$0.count - 1] < $1.timestamps[0] }) else {
            return nil
        }
        var values: [Double] = []
        values.reserveCapacity(total)
        for part in ordered { values.append(contentsOf: part.values) }
        return SampleColumns(timestamps: joiner.joined(ordered, count: total), values: values)
    }

    private static func joined(_ a: SampleColumns, _ b: SampleColumns) -> SampleColumns {
        SampleColumns(timestamps: a.timestamps + b.timestamps, values: a.values + b.values)
    }
}

extension RandomAccessCollection {
    /// The first index whose element satisfies the predicate; elements that do not must all come before those that do.
    /// O(log count).
    func partitioningIndex(where belongsToSecondPart: (Element) throws -> Bool) rethrows -> Index {
        var low = startIndex
        var length = count
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if try belongsToSecondPart(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
