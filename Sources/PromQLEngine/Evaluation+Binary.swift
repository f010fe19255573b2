import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    func evaluate(
        _ binary: BinaryExpression, at expression: PromQLExpression, _ grid: StepGrid
    ) throws -> StepValue {
        // Chains of operators are as deep as they are long: nothing else may take up stack while operands are evaluated.
        let left = try evaluate(binary.left, grid)
        return try combine(binary, left, try evaluate(binary.right, grid), at: expression, grid)
    }

    private func combine(
        _ binary: BinaryExpression, _ left: StepValue, _ right: StepValue, at expression: PromQLExpression,
        _ grid: StepGrid
    ) throws -> StepValue {
        let apply = Self.arithmetic(binary.operator)
        let isFilter = binary.operator.isComparison && !binary.returnsBool
        let points = PointOperator(binary, at: expression.range, annotations)
        switch (left, right) {
        case (.scalar(let a), .scalar(let b)):
            guard !binary.operator.isTrim else {
                throw PromQLError(
                    execution: "operator \(binary.operator.rawValue.promQLQuoted) not allowed for Scalar operations",
                    range: expression.range)
            }
            return .scalar(zip(a, b).map(apply))
        case (.vector(let series), .scalar(let column)):
            return .vector(
                try mapped(series) { element in
                    guard element.histograms == nil, !binary.operator.isTrim else {
                        return try combine(binary, element) { points($0, .number(column[$1])) }
                    }
                    return Self.combine(binary, element, column) { apply($0, $1) }
                })
        case (.scalar(let column), .vector(let series)):
            return .vector(
                try mapped(series) { element in
                    guard element.histograms == nil, !binary.operator.isTrim else {
                        return try combine(binary, element) { point, step in
                            let result = points(.number(column[step]), point)
                            // A comparison keeps the element's value, on whichever side that stands.
                            guard isFilter, case .number = result else { return result }
                            return point
                        }
                    }
                    return Self.combine(binary, element, column) { apply($1, $0) }
                })
        case (.vector(let a), .vector(let b)):
            let matching = VectorMatcher(binary, at: expression.range, grid, points)
            return .vector(try binary.operator.isSet ? setOperation(matching, a, b) : matched(matching, a, b))
        default:
            throw PromQLError(execution: "an operator cannot be applied to strings", range: expression.range)
        }
    }

    /// `apply` takes the element's value first.
    private static func combine(
        _ binary: BinaryExpression, _ element: StepSeries, _ column: [Double], _ apply: (Double, Double) -> Double
    ) -> StepSeries {
        let isFilter = binary.operator.isComparison && !binary.returnsBool
        var values = element.values
        for step in values.indices where values[step].isPresent {
            let result = apply(values[step], column[step])
            if !isFilter {
                values[step] = result
            } else if result == 0 {
                values[step] = .absent
            }
        }
        return element.mapping(values, dropsName: !isFilter)
    }

    /// The same for an element that is a histogram somewhere.
    private func combine(
        _ binary: BinaryExpression, _ element: StepSeries, _ apply: (StepPoint, Int) -> StepPoint
    ) throws -> StepSeries {
        var column = StepColumn(count: element.values.count)
        var memory = HistogramMemory(budget, steps: element.values.count)
        for step in element.values.indices {
            let point = apply(element.point(at: step), step)
            try memory.hold(point)
            column.set(point, at: step)
        }
        return element.mapping(column, dropsName: binary.changesMeaning)
    }

    // MARK: Arithmetic and comparison between vectors

    /// Elements of both sides that share a signature.
    private struct MatchGroup {
        /// The side that may have several elements per step under `group_left`/`group_right`.
        var many: [Int] = []
        var one: [Int] = []
    }

    private func matched(
        _ matcher: VectorMatcher, _ left: [StepSeries], _ right: [StepSeries]
    ) throws -> [StepSeries] {
        let isSwapped = matcher.matching.cardinality == .oneToMany
        let (many, one) = isSwapped ? (right, left) : (left, right)
        let signatures = signatureTable(of: matcher)
        var positions: [Int: Int] = [:]
        var groups: [MatchGroup] = []
        var meter = BudgetMeter(budget)
        func position(_ labels: LabelSet) throws -> Int {
            try meter.add(BudgetMeter.element)
            let signature = signatures.number(labels)
            if let known = positions[signature] { return known }
            positions[signature] = groups.count
            groups.append(MatchGroup())
            return groups.count - 1
        }
        for (index, element) in many.enumerated() { try groups[position(element.labels)].many.append(index) }
        for (index, element) in one.enumerated() { try groups[position(element.labels)].one.append(index) }
        var out: [StepSeries] = []
        for group in groups {
            try budget.check()
            if group.one.count > 1 {
                try checkUnique(group.one.map { one[$0] }, matcher, against: many, isRight: !isSwapped)
            }
            guard !group.one.isEmpty || matcher.fillsOne else { continue }
            if matcher.matching.cardinality == .oneToOne, group.many.count > 1 {
                try checkOneToOne(group.many.map { many[$0] }, group.one.map { one[$0] }, matcher)
            }
            for manyIndex in group.many {
                for oneIndex in group.one {
                    try meter.add(BudgetMeter.element + matcher.grid.count)
                    let element = try matcher.combine(many[manyIndex], one[oneIndex], isSwapped: isSwapped, budget)
                    if let element {
                        try budget.hold(columns: 1, of: matcher.grid.count)
                        out.append(element)
                    }
                }
            }
            guard matcher.fillsMany || matcher.fillsOne else { continue }
            try meter.add((group.many.count + group.one.count) * (BudgetMeter.element + matcher.grid.count))
            let filled = try matcher.unmatched(
                group.many.map { many[$0] }, group.one.map { one[$0] }, isSwapped: isSwapped, budget)
            try budget.hold(columns: filled.count, of: matcher.grid.count)
            out += filled
        }
        return try mergedMatches(out, matcher)
    }

    /// At no step may the "one" side have two elements for a signature, if the other side has anything at all there.
    private func checkUnique(
        _ series: [StepSeries], _ matcher: VectorMatcher, against other: [StepSeries], isRight: Bool
    ) throws {
        var meter = BudgetMeter(budget)
        for step in 0..<matcher.grid.count {
            try meter.add(series.count)
            let present = series.filter { $0.isPresent(at: step) }
            if present.count > 1 { try meter.add(other.count) }
            guard present.count > 1, matcher.fillsMany || other.contains(where: { $0.isPresent(at: step) }) else {
                continue
            }
            throw PromQLError(
                execution: "found duplicate series for the match group "
                    + "\(matcher.signature(present[0].labels).textInBraces) "
                    + "on the \(isRight ? "right" : "left") hand-side of the operation: "
                    + "[\(present[1].labels.textInBraces), \(present[0].labels.textInBraces)]"
                    + ";many-to-many matching not allowed: "
                    + "matching labels must be unique on one side",
                range: matcher.range)
        }
    }

    private func checkOneToOne(_ many: [StepSeries], _ one: [StepSeries], _ matcher: VectorMatcher) throws {
        var meter = BudgetMeter(budget)
        for step in 0..<matcher.grid.count
        where matcher.fillsOne || one.contains(where: { $0.isPresent(at: step) }) {
            try meter.add(many.count)
            guard many.count(where: { $0.isPresent(at: step) }) > 1 else { continue }
            throw PromQLError(
                execution: "multiple matches for labels: many-to-one matching must be explicit "
                    + "(group_left/group_right)",
                range: matcher.range)
        }
    }

    private func mergedMatches(_ series: [StepSeries], _ matcher: VectorMatcher) throws -> [StepSeries] {
        do {
            return try merged(series, at: matcher.range)
        } catch let error as PromQLError {
            guard matcher.matching.cardinality != .oneToOne else { throw error }
            throw PromQLError(
                execution: "multiple matches for labels: grouping labels must ensure unique matches",
                range: matcher.range)
        }
    }
}

/// How the elements of two vectors are matched and what comes of a pair.
struct VectorMatcher {
    let binary: BinaryExpression
    let matching: VectorMatching
    let range: Range<Int>
    let grid: StepGrid
    private let apply: (Double, Double) -> Double
    private let points: PointOperator
    private let isFilter: Bool

    init(_ binary: BinaryExpression, at range: Range<Int>, _ grid: StepGrid, _ points: PointOperator) {
        self.points = points
        self.binary = binary
        matching = binary.matching ?? VectorMatching()
        self.range = range
        self.grid = grid
        apply = Evaluation.arithmetic(binary.operator)
        isFilter = binary.operator.isComparison && !binary.returnsBool
    }

    /// The labels that must be equal.
    func signature(_ labels: LabelSet) -> LabelSet { SignatureTable.Rule(matching).signature(labels) }

    /// Nil if the two never have a value at the same step. `isSwapped` means that `many` is the right side.
    func combine(
        _ many: StepSeries, _ one: StepSeries, isSwapped: Bool, _ budget: QueryBudget
    ) throws -> StepSeries? {
        guard many.histograms == nil, one.histograms == nil, !binary.operator.isTrim else {
            return try combineBoth(many, one, isSwapped: isSwapped, budget)
        }
        var values = [Double](repeating: .absent, count: grid.count)
        var isEmpty = true
        for step in 0..<grid.count where many.values[step].isPresent && one.values[step].isPresent {
            let (left, right) =
                isSwapped ? (one.values[step], many.values[step]) : (many.values[step], one.values[step])
            let result = apply(left, right)
            if isFilter {
                guard result != 0 else { continue }
                values[step] = left
            } else {
                values[step] = result
            }
            isEmpty = false
        }
        guard !isEmpty else { return nil }
        return StepSeries(
            labels: labels(many.labels, one.labels), dropsName: many.dropsName || !isFilter, values: values)
    }

    /// `combine` where one of the two is a histogram somewhere.
    private func combineBoth(
        _ many: StepSeries, _ one: StepSeries, isSwapped: Bool, _ budget: QueryBudget
    ) throws -> StepSeries? {
        let (left, right) = isSwapped ? (one, many) : (many, one)
        var column = StepColumn(count: grid.count)
        var memory = HistogramMemory(budget, steps: grid.count)
        for step in 0..<grid.count {
            let point = points(left.point(at: step), right.point(at: step))
            try memory.hold(point)
            column.set(point, at: step)
        }
        guard !column.isEmpty else { return nil }
        return StepSeries(
            labels: labels(many.labels, one.labels), dropsName: many.dropsName || binary.changesMeaning,
            column: column)
    }

    private func labels(_ many: LabelSet, _ one: LabelSet) -> LabelSet {
        if matching.cardinality == .oneToOne {
            return matching.on ? many.keeping(matching.labels) : many.dropping(matching.labels)
        }
        guard !matching.include.isEmpty else { return many }
        let taken = matching.include.map { Label($0, one[$0] ?? "") }
        return LabelSet(many.labels.filter { !matching.include.contains($0.name) } + taken)
    }
}
