import TelemetryModel
import TimeSeriesStore

/// Samples in ascending order of value, per source and all together, without NaN.
struct SortedPools {
    let bySource: [String: [Double]]
    let all: [Double]

    init(_ selected: [SelectedSeries], budget: QueryBudget) throws {
        var pools: [String: [Double]] = [:]
        for series in selected {
            let id = series.labels[KPIPlaceholders.sourceLabel] ?? ""
            pools[id, default: []].append(contentsOf: series.samples.values.lazy.filter { !$0.isNaN })
        }
        var all: [Double] = []
        all.reserveCapacity(pools.values.reduce(0) { $0 + $1.count })
        for id in pools.keys {
            try budget.check()
            pools[id]?.sort()
            all.append(contentsOf: pools[id] ?? [])
        }
        all.sort()
        try budget.check()
        self.bySource = pools
        self.all = all
    }

    /// Linear interpolation between the two nearest ranks, as PromQL's `quantile_over_time`; nil for no values.
    static func quantile(_ q: Double, of sorted: [Double]) -> Double? {
        guard let last = sorted.indices.last else { return nil }
        let rank = q * Double(last)
        let lower = max(0, min(Int(rank), last))
        let upper = min(lower + 1, last)
        let weight = rank - Double(lower)
        guard weight > 0 else { return sorted[lower] }
        // Not a + w·(b − a): that overflows where the two ends are far apart.
        return sorted[lower] * (1 - weight) + sorted[upper] * weight
    }
}
