import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// One run of one query. Every method takes the grid to evaluate on, since subqueries bring their own.
final class Evaluation {
    let store: any TimeSeriesStore
    let options: EngineOptions
    let query: String
    /// The grid of the whole query: what `start()` and `end()` mean, also inside subqueries.
    let queryGrid: StepGrid
    /// What `step()` says, milliseconds: 0 for an instant query.
    let queryStep: Int64
    let budget: QueryBudget
    let annotations: AnnotationList
    /// Where the selectors stand of whose histograms nothing but the totals is asked.
    private(set) var totalsOnly: Set<Range<Int>> = []
    /// Nil unless the query is to be explained.
    let tracer: QueryTracer?
    private var shared = SharedValues()
    private var signatures = SignatureTables()

    init(
        _ engine: PromQLEngine, query: String, grid: StepGrid, step: Int64, budget: QueryBudget,
        tracer: QueryTracer? = nil
    ) {
        store = engine.store
        options = engine.options
        self.query = query
        queryGrid = grid
        queryStep = step
        self.budget = budget
        self.tracer = tracer
        annotations = AnnotationList(query: query)
    }

    func signatureTable(of matcher: VectorMatcher) -> SignatureTable {
        signatures.table(SignatureTable.Rule(matcher.matching))
    }

    private func prepare(_ expression: PromQLExpression) {
        totalsOnly = expression.selectorsOfTotals
        shared = SharedValues(of: RepeatedExpressions(in: expression, query, totalsOnly: totalsOnly))
    }

    // MARK: Results

    func result(_ value: QueryValue, of expression: PromQLExpression) -> QueryResult {
        let explanation = tracer.map { tracer in
            QueryExplanation(
                plan: tracer.plan(of: expression, in: query), samples: budget.samplesCharged, bytes: budget.peakBytes)
        }
        return QueryResult(value: value, annotations: annotations.all, explanation: explanation)
    }

    func instantValue(of expression: PromQLExpression, _ grid: StepGrid) throws -> QueryValue {
        prepare(expression)
        if expression.type == .rangeVector {
            return .matrix(try rawSamples(of: expression, grid))
        }
        switch try evaluate(expression, grid) {
        case .scalar(let column): return .scalar(timestamp: grid.start, value: column.first ?? .nan)
        case .string(let text): return .string(timestamp: grid.start, value: text)
        case .vector(let series):
            let samples = try finished(series, at: expression).compactMap { series -> VectorSample? in
                switch series.point(at: 0) {
                case .absent: return nil
                case .number(let value):
                    return VectorSample(labels: series.labels, timestamp: grid.start, value: value)
                case .histogram(let histogram):
                    return VectorSample(labels: series.labels, timestamp: grid.start, histogram: histogram)
                }
            }
            return .vector(samples)
        }
    }

    func rangeValue(of expression: PromQLExpression, _ grid: StepGrid) throws -> QueryValue {
        prepare(expression)
        let series: [StepSeries]
        switch try evaluate(expression, grid) {
        case .scalar(let column): series = [StepSeries(labels: .empty, values: column)]
        case .string: series = []
        case .vector(let vector): series = try finished(vector, at: expression)
        }
        var matrix: [MatrixSeries] = []
        matrix.reserveCapacity(series.count)
        var meter = BudgetMeter(budget)
        for element in series {
            try budget.hold(columns: 2, of: grid.count)
            try meter.add(BudgetMeter.element + grid.count)
            let samples = element.values.samples(on: grid)
            let histograms = element.histograms(on: grid)
            guard !samples.isEmpty || !histograms.isEmpty else { continue }
            matrix.append(MatrixSeries(labels: element.labels, samples: samples, histograms: histograms))
        }
        return .matrix(try matrix.orderedByLabels(budget))
    }

    /// The samples in the window of a range vector, stale markers left out.
    private func rawSamples(of expression: PromQLExpression, _ grid: StepGrid) throws -> [MatrixSeries] {
        let windows = try windows(of: expression, grid)
        if let extended = expression.extendedRange {
            return try extendedSamples(windows, extended).sorted { $0.labels < $1.labels }
        }
        var matrix: [MatrixSeries] = []
        for series in try series(of: windows) {
            let end = windows.ends.first
            let all = series.samples.withoutStaleMarkers
            let inside = all.timestamps.range(after: end - windows.length, through: end)
            let samples = SampleColumns(
                timestamps: Array(all.timestamps[inside]), values: Array(all.values[inside]))
            let insideHistograms = series.histograms.timestamps.range(after: end - windows.length, through: end)
            let histograms = HistogramColumns(
                timestamps: Array(series.histograms.timestamps[insideHistograms]),
                histograms: Array(series.histograms.histograms[insideHistograms]))
            guard !samples.isEmpty || !histograms.isEmpty else { continue }
            let labels = series.dropsName ? series.labels.withoutMetadata : series.labels
            matrix.append(MatrixSeries(labels: labels, samples: samples, histograms: histograms))
        }
        return try matrix.orderedByLabels(budget)
    }

    private func finished(_ series: [StepSeries], at expression: PromQLExpression) throws -> [StepSeries] {
        let named = series.map { element -> StepSeries in
            guard element.dropsName else { return element }
            return StepSeries(
                labels: element.labels.withoutMetadata, values: element.values, histograms: element.histograms)
        }
        return try merged(named, at: expression.range)
    }

    /// Joins elements with the same labels into one. They may not have values at the same step. Those that lose their name
    /// in the end are not joined with those that keep it: `rate(m[5m]) or m` has both.
    func merged(_ series: [StepSeries], at range: Range<Int>) throws -> [StepSeries] {
        var positions: [FinalLabels: Int] = [:]
        positions.reserveCapacity(series.count)
        var out: [StepSeries] = []
        out.reserveCapacity(series.count)
        var meter = BudgetMeter(budget)
        for element in series {
            try meter.add(BudgetMeter.element)
            let labels = FinalLabels(labels: element.labels, dropsName: element.dropsName)
            guard let position = positions[labels] else {
                positions[labels] = out.count
                out.append(element)
                continue
            }
            try meter.add(element.values.count)
            for step in element.values.indices where element.isPresent(at: step) {
                guard !out[position].isPresent(at: step) else {
                    throw PromQLError(
                        execution: "vector cannot contain metrics with the same labelset", range: range)
                }
                out[position].values[step] = element.values[step]
                if let histogram = element.histograms?[step] {
                    if out[position].histograms == nil {
                        out[position].histograms = [NativeHistogram?](repeating: nil, count: element.values.count)
                    }
                    out[position].histograms?[step] = histogram
                }
            }
        }
        return out
    }

    private struct FinalLabels: Hashable {
        let labels: LabelSet
        let dropsName: Bool
    }

    // MARK: Nodes

    func evaluate(_ expression: PromQLExpression, _ grid: StepGrid) throws -> StepValue {
        try budget.check()
        let mark = tracer?.begin(expression.range, steps: grid.count)
        let held = budget.bytesHeld
        let value: StepValue
        if let known = shared.known(at: expression.range, grid) {
            value = known.value
            annotations.repeatRemarks(on: known.place, at: expression.range)
            tracer?.note("the value of the same expression elsewhere in the query", at: expression.range)
        } else {
            if grid.count > 1, expression.isWorthHoisting, expression.isStepInvariant {
                tracer?.note("evaluated once: it is the same at every step", at: expression.range)
                value = try spread(try evaluate(expression, grid.firstOnly), grid.count)
            } else {
                value = try node(expression, grid)
            }
            if !shared.isEmpty { try shared.keep(value, at: expression.range, grid, budget) }
        }
        try budget.settle(bytes: QueryBudget.sum(held, value.bytes(grid.count)))
        if let tracer, let mark { tracer.end(mark, series: value.seriesCount) }
        return value
    }

    private func node(_ expression: PromQLExpression, _ grid: StepGrid) throws -> StepValue {
        switch expression.node {
        case .number(let value, _):
            try budget.charge(samples: grid.count)
            return .scalar([Double](repeating: value, count: grid.count))
        case .string(let text): return .string(text)
        case .parentheses(let inner), .plus(let inner): return try evaluate(inner, grid)
        case .selector(let selector): return .vector(try instantVector(selector, at: expression.range, grid))
        case .negation(let operand): return try evaluate(operand, grid).negated
        case .binary(let binary): return try evaluate(binary, at: expression, grid)
        case .aggregation(let aggregation): return .vector(try evaluate(aggregation, grid))
        case .call(let function, let arguments): return try call(function, arguments, at: expression, grid)
        case .matrix, .subquery:
            throw PromQLError(
                execution: "a range vector can only be the argument of a function", range: expression.range)
        }
    }

    func scalar(_ expression: PromQLExpression, _ grid: StepGrid) throws -> [Double] {
        guard case .scalar(let column) = try evaluate(expression, grid) else {
            throw PromQLError(execution: "expected a scalar", range: expression.range)
        }
        return column
    }

    func vector(_ expression: PromQLExpression, _ grid: StepGrid) throws -> [StepSeries] {
        guard case .vector(let series) = try evaluate(expression, grid) else {
            throw PromQLError(execution: "expected an instant vector", range: expression.range)
        }
        return series
    }

    func string(_ expression: PromQLExpression) throws -> String {
        guard case .string(let text) = expression.withoutParentheses.node else {
            throw PromQLError(execution: "expected a string", range: expression.range)
        }
        return text
    }
}

extension StepValue {
    fileprivate var negated: StepValue {
        switch self {
        case .scalar(let column): .scalar(column.map { -$0 })
        case .string: self
        case .vector(let series): .vector(series.map(\.negated))
        }
    }
}

extension [MatrixSeries] {
    /// Most are so already, since stores answer in this order.
    fileprivate func orderedByLabels(_ budget: QueryBudget) throws -> [MatrixSeries] {
        var meter = BudgetMeter(budget)
        func isOrdered(_ left: MatrixSeries, _ right: MatrixSeries) throws -> Bool {
            try meter.add(BudgetMeter.element)
            return left.labels < right.labels
        }
        let isInOrder = try indices.dropFirst().allSatisfy { try isOrdered(self[$0 - 1], self[$0]) }
        return isInOrder ? self : try sorted(by: isOrdered)
    }
}

extension [Int64] {
    /// The indices of the elements in a range that is open on the left, of an ascending column.
    func range(after: Int64, through: Int64) -> Range<Int> {
        let upper = lastIndex { $0 <= through }.map { $0 + 1 } ?? 0
        let lower = firstIndex { $0 > after } ?? count
        return Swift.min(lower, upper)..<upper
    }
}

extension [Double] {
    func mapPresent(_ transform: (Double) -> Double) -> [Double] {
        map { $0.isAbsent ? $0 : transform($0) }
    }

    /// The present values with the times of their steps.
    func samples(on grid: StepGrid) -> SampleColumns {
        var samples = SampleColumns()
        let present = reduce(0) { $0 + ($1.isPresent ? 1 : 0) }
        samples.timestamps.reserveCapacity(present)
        samples.values.reserveCapacity(present)
        for (step, value) in enumerated() where value.isPresent {
            samples.timestamps.append(grid.time(step))
            samples.values.append(value)
        }
        return samples
    }
}
