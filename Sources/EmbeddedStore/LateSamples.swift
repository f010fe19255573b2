import TimeSeriesStore

/// Samples that came out of order, or that replace the value of an earlier one: few, ascending by time.
struct LateSamples: Sendable {
    private(set) var columns = SampleColumns()

    /// Samples after which they are worth being put in their place.
    static let maximumCount = 512

    var count: Int { columns.count }

    /// The value at that time, if one is here.
    func value(at time: Int64) -> Double? {
        let index = columns.timestamps.partitioningIndex { $0 >= time }
        return index < columns.count && columns.timestamps[index] == time ? columns.values[index] : nil
    }

    /// Adds a sample, or replaces the one at its time. O(count).
    mutating func set(_ time: Int64, _ value: Double) {
        let index = columns.timestamps.partitioningIndex { $0 >= time }
        if index < columns.count, columns.timestamps[index] == time {
            columns.values[index] = value
        } else {
            columns.timestamps.insert(time, at: index)
            columns.values.insert(value, at: index)
        }
    }
}
