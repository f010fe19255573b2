/// The samples of one window of a rule, in the order of their arrival, as columns of equal length.
struct AggregationWindow: Sendable {
    /// Offset in the log of the first batch with a sample of this window: the log is needed from there on.
    let firstOffset: Int64
    /// Indices of series in the rule's state.
    private(set) var series: [Int32] = []
    private(set) var timestamps: [Int64] = []
    private(set) var values: [Double] = []

    var count: Int { series.count }

    init(firstOffset: Int64) { self.firstOffset = firstOffset }

    mutating func append(_ index: Int32, at timestamp: Int64, _ value: Double) {
        series.append(index)
        timestamps.append(timestamp)
        values.append(value)
    }

    /// Positions ordered by series and time; of samples with the same of both, the one that came last.
    func ordered() -> [Int] {
        let sorted = series.indices.sorted { a, b in
            (series[a], timestamps[a], a) < (series[b], timestamps[b], b)
        }
        return sorted.indices.compactMap { position in
            let (this, next) = (sorted[position], position + 1)
            if next < sorted.count, series[this] == series[sorted[next]], timestamps[this] == timestamps[sorted[next]] {
                return nil
            }
            return this
        }
    }

    /// The newest value of each series.
    func lastValues() -> [Int32: Double] {
        var newest: [Int32: Double] = [:]
        for position in ordered() { newest[series[position]] = values[position] }
        return newest
    }
}
