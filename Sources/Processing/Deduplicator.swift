package import TelemetryModel

/// Keeps the first sample of each interval of a series, as it is after the stages before: of two senders that measure the
/// same, one is kept.
///
/// Remembers the last 64 intervals of a series, so that a sender that lags is recognised. What is older passes; the store
/// merges it if it is the same sample. After a clean restart nothing is remembered.
package struct Deduplicator: Sendable {
    private struct Seen {
        /// The newest interval with a sample, counted from 1970.
        var newest = Int64.min
        /// Bit n: the interval n before the newest had a sample.
        var before: UInt64 = 0
    }

    private struct Key: Hashable {
        let labels: LabelSet
        let stage: Int
    }

    private var seen: [Seen] = []
    private var slots: [Key: Int] = [:]

    package init() {}

    package mutating func slot(for labels: LabelSet, stage: Int) -> Int {
        let key = Key(labels: labels, stage: stage)
        if let known = slots[key] { return known }
        seen.append(Seen())
        slots[key] = seen.count - 1
        return seen.count - 1
    }

    /// Whether this is the first sample of its interval.
    package mutating func isFirst(_ slot: Int, at timestamp: Int64, interval: Int64) -> Bool {
        let bucket = timestamp / interval - (timestamp % interval < 0 ? 1 : 0)
        let newest = seen[slot].newest
        guard newest != .min else {
            seen[slot] = Seen(newest: bucket, before: 1)
            return true
        }
        if bucket > newest {
            let distance = bucket.subtractingReportingOverflow(newest).partialValue
            let shifted = distance > 0 && distance < 64 ? seen[slot].before << UInt64(distance) : 0
            seen[slot] = Seen(newest: bucket, before: shifted | 1)
            return true
        }
        let distance = newest - bucket
        guard distance < 64 else { return true }
        let bit: UInt64 = 1 << UInt64(distance)
        guard seen[slot].before & bit == 0 else { return false }
        seen[slot].before |= bit
        return true
    }
}
