import NativeHistograms
import TimeSeriesStore

extension StepValue {
    /// What a column of `steps` values takes for each element, about, with all that is not its numbers; bytes.
    private static let bytesPerElement = 64

    /// Elements of a vector.
    var seriesCount: Int? {
        if case .vector(let series) = self { series.count } else { nil }
    }

    /// About what it takes in memory over so many steps: coarse, and quickly worked out.
    func bytes(_ steps: Int) -> Int {
        let column = QueryBudget.product(steps, MemoryLayout<Double>.stride)
        switch self {
        case .scalar: return column
        case .string: return 0
        case .vector(let series):
            return series.reduce(QueryBudget.product(series.count, QueryBudget.sum(column, Self.bytesPerElement))) {
                QueryBudget.sum($0, $1.histogramBytes(steps))
            }
        }
    }
}

extension Evaluation {
    /// The value of a single step at `count` steps.
    func spread(_ value: StepValue, _ count: Int) throws -> StepValue {
        try budget.hold(bytes: value.bytes(count))
        func spread(_ column: [Double]) -> [Double] {
            [Double](repeating: column.first ?? .absent, count: count)
        }
        switch value {
        case .scalar(let column): return .scalar(spread(column))
        case .string: return value
        case .vector(let series):
            return .vector(
                try mapped(series) { element in
                    StepSeries(
                        labels: element.labels, dropsName: element.dropsName, values: spread(element.values),
                        histograms: element.histograms.map {
                            [NativeHistogram?](repeating: $0.first ?? nil, count: count)
                        })
                })
        }
    }

    /// What `transform` makes of each element, as long as there is time and memory for columns like theirs.
    func mapped(
        _ series: [StepSeries], _ transform: (StepSeries) throws -> StepSeries
    ) throws -> [StepSeries] {
        var out: [StepSeries] = []
        out.reserveCapacity(series.count)
        var meter = BudgetMeter(budget)
        for element in series {
            try meter.add(BudgetMeter.element + element.values.count)
            try budget.hold(columns: 1, of: element.values.count)
            out.append(try transform(element))
        }
        return out
    }
}
