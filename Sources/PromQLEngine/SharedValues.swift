import PromQLSyntax
import TimeSeriesStore

/// Values of expressions that stand in a query more than once.
struct SharedValues {
    private struct Key: Hashable {
        let number: Int
        let start: Int64
        let step: Int64
        let count: Int
    }

    private let repeated: RepeatedExpressions?
    private var values: [Key: (value: StepValue, place: Range<Int>)] = [:]

    init(of repeated: RepeatedExpressions? = nil) {
        self.repeated = repeated.flatMap { $0.isEmpty ? nil : $0 }
    }

    var isEmpty: Bool { repeated == nil }

    /// The value of the same expression at another place, and that place.
    func known(at place: Range<Int>, _ grid: StepGrid) -> (value: StepValue, place: Range<Int>)? {
        guard !values.isEmpty, let key = key(place, grid) else { return nil }
        return values[key]
    }

    /// Keeps the value, until the query is done, if it may be asked for again.
    mutating func keep(
        _ value: StepValue, at place: Range<Int>, _ grid: StepGrid, _ budget: QueryBudget
    ) throws(QueryLimitError) {
        guard let key = key(place, grid), values[key] == nil else { return }
        try budget.charge(bytes: value.bytes(grid.count))
        values[key] = (value, place)
    }

    private func key(_ place: Range<Int>, _ grid: StepGrid) -> Key? {
        repeated?.number(place).map { Key(number: $0, start: grid.start, step: grid.step, count: grid.count) }
    }
}
