import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Aggregations that pass some elements on as they are: `topk`, `bottomk`, `limitk`, `limit_ratio`.
extension Evaluation {
    func chosen(
        _ groups: [AggregationGroup], _ operator: AggregationOperator, _ limits: [Double], _ grid: StepGrid
    ) throws -> [StepSeries] {
        var out: [StepSeries] = []
        var meter = BudgetMeter(budget)
        for group in groups {
            try meter.add(BudgetMeter.element + grid.count)
            if `operator` == .limitk, group.hasHistograms {
                out += Self.firstMembers(of: group, limits)
                continue
            }
            // A value with its place for each that is chosen at a step, then columns of those that were.
            let most = limits.reduce(0) { max($0, Int(max(0, min($1, Double(group.members.count))))) }
            try budget.hold(columns: 3 * most, of: grid.count)
            var rankings = limits.map { limit in
                // Limits below 1 choose nothing; casting is safe between 0 and the group's size.
                Ranking(
                    limit: Int(max(0, min(limit, Double(group.members.count)))),
                    order: `operator` == .topk ? .descending : `operator` == .bottomk ? .ascending : .arrival)
            }
            for (index, member) in group.members.enumerated() {
                try meter.add(grid.count)
                for step in 0..<grid.count where member.values[step].isPresent {
                    rankings[step].add(member.values[step], index)
                }
            }
            var columns = [[Double]?](repeating: nil, count: group.members.count)
            var order: [Int] = []
            for step in 0..<grid.count {
                try meter.add(most)
                for entry in rankings[step].best {
                    if columns[entry.index] == nil {
                        try budget.hold(columns: 1, of: grid.count)
                        columns[entry.index] = [Double](repeating: .absent, count: grid.count)
                        order.append(entry.index)
                    }
                    columns[entry.index]?[step] = entry.value
                }
            }
            // At a single step the order of first choice is the ranking itself, which instant queries show.
            for index in order {
                guard let values = columns[index] else { continue }
                out.append(group.members[index].mapping(values, dropsName: false))
            }
        }
        return out
    }

    /// Elements whose digest falls into the given share of all digests: the same ones at every step and in every query.
    /// A negative ratio chooses what the corresponding positive one leaves.
    func sampled(_ groups: [AggregationGroup], _ ratios: [Double]) throws -> [StepSeries] {
        try mapped(groups.flatMap(\.members)) { member in
            let offset = Double(member.labels.digest) / Double(UInt64.max)
            return member.keeping { step in
                let capped = min(1, max(-1, ratios[step]))
                return capped >= 0 ? offset < capped || capped == 1 : offset >= 1 + capped
            }
        }
    }
}

/// The `limit` best of a stream of values; NaN is worst, and the earlier one wins between equals.
private struct Ranking {
    enum Order {
        /// Largest first.
        case descending
        /// Smallest first.
        case ascending
        /// First come, first served.
        case arrival
    }

    /// Beyond this, sorting once is cheaper than inserting.
    private static let largestInsertion = 64

    let limit: Int
    let order: Order
    private var entries: [(value: Double, index: Int)] = []

    init(limit: Int, order: Order) {
        self.limit = limit
        self.order = order
    }

    private func isBetter(_ a: Double, than b: Double) -> Bool {
        if order == .arrival { return false }
        if a.isNaN || b.isNaN { return !a.isNaN && b.isNaN }
        return order == .descending ? a > b : a < b
    }

    mutating func add(_ value: Double, _ index: Int) {
        guard limit <= Self.largestInsertion else {
            entries.append((value, index))
            return
        }
        if entries.count >= limit {
            guard let worst = entries.last, isBetter(value, than: worst.value) else { return }
            entries.removeLast()
        }
        var position = entries.count
        while position > 0, isBetter(value, than: entries[position - 1].value) { position -= 1 }
        entries.insert((value, index), at: position)
    }

    var best: [(value: Double, index: Int)] {
        guard limit > Self.largestInsertion else { return entries }
        let sorted = entries.sorted {
            isBetter($0.value, than: $1.value) || (!isBetter($1.value, than: $0.value) && $0.index < $1.index)
        }
        return Array(sorted.prefix(limit))
    }
}
