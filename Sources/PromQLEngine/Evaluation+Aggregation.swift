import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// What an aggregation puts together: the elements of a vector that have the same grouping labels.
struct AggregationGroup {
    let labels: LabelSet
    var dropsName = false
    var members: [StepSeries] = []
}

/// Takes the values of a group at one step, in the order of the vector, and gives one.
protocol Accumulator {
    init()
    mutating func add(_ value: Double)
    var value: Double { get }
}

extension CompensatedSum: Accumulator {
    init() { self.init(sum: 0) }
}

extension Mean: Accumulator {}
extension Variance: Accumulator {}

private struct Count: Accumulator {
    var value = 0.0
    mutating func add(_ value: Double) { self.value += 1 }
}

private struct Deviation: Accumulator {
    private var variance = Variance()
    mutating func add(_ value: Double) { variance.add(value) }
    var value: Double { variance.value.squareRoot() }
}

private struct One: Accumulator {
    let value = 1.0
    mutating func add(_ value: Double) {}
}

private struct Minimum: Accumulator {
    var value = Double.nan
    mutating func add(_ value: Double) {
        if self.value.isNaN || value < self.value { self.value = value }
    }
}

private struct Maximum: Accumulator {
    var value = Double.nan
    mutating func add(_ value: Double) {
        if self.value.isNaN || value > self.value { self.value = value }
    }
}

extension Evaluation {
    func evaluate(_ aggregation: Aggregation, _ grid: StepGrid) throws -> [StepSeries] {
        let parameter = aggregation.parameter
        let column = try parameter.flatMap { $0.type == .scalar ? try scalar($0, grid) : nil }
        let groups = try groups(try vector(aggregation.operand, grid), aggregation.grouping)
        switch aggregation.operator {
        case .sum: return try accumulate(groups, grid, aggregation, CompensatedSum.self, .summed)
        case .avg: return try accumulate(groups, grid, aggregation, Mean.self, .averaged)
        case .count: return try accumulate(groups, grid, aggregation, Count.self, .counted)
        case .min: return try accumulate(groups, grid, aggregation, Minimum.self, .ignored)
        case .max: return try accumulate(groups, grid, aggregation, Maximum.self, .ignored)
        case .group: return try accumulate(groups, grid, aggregation, One.self, .counted)
        case .stddev: return try accumulate(groups, grid, aggregation, Deviation.self, .ignored)
        case .stdvar: return try accumulate(groups, grid, aggregation, Variance.self, .ignored)
        case .quantile, .topk, .bottomk, .limitk, .limitRatio:
            guard let column, let parameter else { return [] }
            return try evaluate(aggregation, groups, column, at: parameter.range, grid)
        case .countValues:
            guard let parameter else { return [] }
            return try countValues(groups, label: string(parameter), at: parameter.range, grid)
        }
    }

    private func evaluate(
        _ aggregation: Aggregation, _ groups: [AggregationGroup], _ parameter: [Double], at range: Range<Int>,
        _ grid: StepGrid
    ) throws -> [StepSeries] {
        switch aggregation.operator {
        case .quantile:
            informAboutIgnored(groups, aggregation)
            warnAboutQuantiles(parameter, at: range)
            return try quantiles(groups, parameter, grid)
        case .limitRatio:
            if parameter.contains(where: \.isNaN) {
                throw PromQLError(execution: "Ratio value is NaN", range: range)
            }
            for ratio in parameter where ratio.magnitude > 1 {
                annotations.warn(
                    "ratio value should be between -1 and 1, got \(ratio.promQLText), capping to "
                        + (ratio < 0 ? "-1" : "1"), at: range)
            }
            return try sampled(groups, parameter)
        default:
            if parameter.contains(where: \.isNaN) {
                throw PromQLError(execution: "Parameter value is NaN", range: range)
            }
            if aggregation.operator != .limitk { informAboutIgnored(groups, aggregation) }
            return try chosen(groups, aggregation.operator, parameter, grid)
        }
    }

    private func groups(
        _ series: [StepSeries], _ grouping: Aggregation.Grouping
    ) throws -> [AggregationGroup] {
        var meter = BudgetMeter(budget)
        var positions: [LabelSet: Int] = [:]
        var groups: [AggregationGroup] = []
        for element in series {
            try meter.add(BudgetMeter.element)
            let key: LabelSet
            switch grouping {
            case .by(let names): key = names.isEmpty ? .empty : element.labels.keeping(names)
            case .without(let names):
                key = element.labels.filtered { !LabelSet.isMetadata($0) && !names.contains($0) }
            }
            let position: Int
            if let known = positions[key] {
                position = known
            } else {
                position = groups.count
                positions[key] = position
                groups.append(AggregationGroup(labels: key))
            }
            groups[position].members.append(element)
            if element.dropsName { groups[position].dropsName = true }
        }
        return groups
    }

    private func accumulate<A: Accumulator>(
        _ groups: [AggregationGroup], _ grid: StepGrid, _ aggregation: Aggregation, _: A.Type, _ rule: HistogramRule
    ) throws -> [StepSeries] {
        var out: [StepSeries] = []
        out.reserveCapacity(groups.count)
        var meter = BudgetMeter(budget)
        for group in groups {
            try meter.add(BudgetMeter.element + grid.count)
            try budget.hold(columns: 1, of: grid.count)
            if group.hasHistograms {
                out.append(try accumulateBoth(group, grid, A.self, aggregation, rule))
                continue
            }
            var cells = [A](repeating: A(), count: grid.count)
            var isSeen = [Bool](repeating: false, count: grid.count)
            for member in group.members {
                try meter.add(grid.count)
                for step in 0..<grid.count {
                    let value = member.values[step]
                    guard value.isPresent else { continue }
                    cells[step].add(value)
                    isSeen[step] = true
                }
            }
            let values = zip(cells, isSeen).map { $1 ? $0.value : .absent }
            out.append(StepSeries(labels: group.labels, dropsName: group.dropsName, values: values))
        }
        return out
    }

    private func quantiles(
        _ groups: [AggregationGroup], _ quantile: [Double], _ grid: StepGrid
    ) throws -> [StepSeries] {
        var meter = BudgetMeter(budget)
        return try groups.map { group in
            try budget.hold(columns: group.members.count, of: grid.count)
            // Step by step, so that each step's values lie together when they are sorted.
            var present = [[Double]](repeating: [], count: grid.count)
            for member in group.members {
                try meter.add(grid.count)
                for step in 0..<grid.count where member.values[step].isPresent {
                    present[step].append(member.values[step])
                }
            }
            let values = try present.indices.map { step in
                // Sorting looks at a value several times.
                try meter.add(1 + 8 * present[step].count)
                return present[step].isEmpty ? .absent : Quantile.of(quantile[step], &present[step])
            }
            return StepSeries(labels: group.labels, dropsName: group.dropsName, values: values)
        }
    }

    /// One element per distinct value and group, with the value as a label and how often it occurs.
    private func countValues(
        _ groups: [AggregationGroup], label: String, at range: Range<Int>, _ grid: StepGrid
    ) throws -> [StepSeries] {
        guard !label.isEmpty else {
            throw PromQLError(execution: "invalid label name \(label.promQLQuoted)", range: range)
        }
        var positions: [LabelSet: Int] = [:]
        var out: [StepSeries] = []
        for group in groups {
            var columns: [UInt64: Int] = [:]
            func place(_ text: String) throws -> Int {
                // Two groups, or -0 and 0, may come to the same labels.
                let labels = group.labels.setting(label, to: text)
                let position = positions[labels] ?? out.count
                if position == out.count {
                    try budget.charge(samples: grid.count)
                    out.append(StepSeries(labels: labels, values: [Double](repeating: .absent, count: grid.count)))
                    positions[labels] = position
                }
                return position
            }
            func increment(_ position: Int, at step: Int) {
                let count = out[position].values[step]
                out[position].values[step] = count.isPresent ? count + 1 : 1
            }
            for member in group.members {
                try budget.check()
                for (step, value) in member.values.enumerated() where value.isPresent {
                    let position: Int
                    if let known = columns[value.bitPattern] {
                        position = known
                    } else {
                        position = try place(value.promQLText)
                        columns[value.bitPattern] = position
                    }
                    increment(position, at: step)
                }
                for (step, histogram) in (member.histograms ?? []).enumerated() {
                    if let histogram { increment(try place(histogram.description), at: step) }
                }
            }
        }
        return out
    }
}
