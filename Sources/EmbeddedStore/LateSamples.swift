import TimeSeriesStore

/// Samples that came out of order, or that replace the value of an earlier one: few, ascending by time.
struct LateSamples: Sendable {
    /// Time and value side by side: one place in memory for each.
    private struct Sample {
        let time: Int64
        var value: Double
    }

    private var samples: [Sample] = []

    /// Samples after which they are worth being put in their place.
    static let maximumCount = 512

    var count: Int { samples.count }

    /// O(count).
    var columns: SampleColumns {
        SampleColumns(timestamps: samples.map(\.time), values: samples.map(\.value))
    }

    /// The value at that time, if one is here.
    func value(at time: Int64) -> Double? {
        let index = position(of: time)
        return index < samples.count && samples[index].time == time ? samples[index].value : nil
    }

    /// Adds a sample, or replaces the one at its time. O(count) if it is older than others.
    ///
    /// - Returns: what became of it, as far as the samples here can tell.
    @discardableResult
    mutating func set(_ time: Int64, _ value: Double) -> InsertOutcome {
        let index = position(of: time)
        guard index < samples.count, samples[index].time == time else {
            samples.insert(Sample(time: time, value: value), at: index)
            return .stored
        }
        if samples[index].value.bitPattern == value.bitPattern { return .duplicate }
        samples[index].value = value
        return .replaced
    }

    private func position(of time: Int64) -> Int {
        if let last = samples.last, last.time < time { return samples.count }
        return samples.partitioningIndex { $0.time >= time }
    }
}
