import PromQLSyntax
import TelemetryModel
package import TimeSeriesStore

/// Evaluates PromQL over any store.
///
/// Semantics are those of Prometheus 3 with delayed removal of metric names: a window (and the look-back) excludes its
/// older end and includes its newer one, stale markers end a series. A value: copies share the store.
///
/// Every call blocks its thread until the result is there, so it belongs on a query thread, which needs 2 MiB of stack
/// for the most deeply nested queries. Work over many series is spread over the machine's cores.
package struct PromQLEngine: Sendable {
    let store: any TimeSeriesStore
    let options: EngineOptions

    /// Times beyond this, in milliseconds either side of 1970, are refused; sums of those inside cannot overflow.
    static let latestTime: Int64 = 9_007_199_254_740_991

    package init(store: any TimeSeriesStore, options: EngineOptions = EngineOptions()) {
        self.store = store
        self.options = options
    }

    /// The value of a query at one moment, milliseconds since 1970.
    ///
    /// Throws `PromQLError`, `QueryLimitError`, or whatever the store throws.
    ///
    /// - Parameter explains: whether the result says how it came about; it costs nothing otherwise.
    package func instant(
        _ query: String, at time: Int64, budget: QueryBudget, explains: Bool = false
    ) throws -> QueryResult {
        try checkTime(time)
        let expression = try Self.parse(query, step: 0, range: 0)
        let grid = try StepGrid(from: time, through: time, step: 1)
        let evaluation = Evaluation(
            self, query: query, grid: grid, step: 0, budget: budget, tracer: explains ? QueryTracer() : nil)
        return evaluation.result(try evaluation.instantValue(of: expression, grid), of: expression)
    }

    /// The value of a query at `from`, `from + step`, … up to and including `through`; always a matrix.
    ///
    /// The query must be a scalar or an instant vector. Throws as `instant` does; another type is an error of
    /// that kind; a step that is not positive, a reversed range and more steps than `maxStepsPerSeries` are execution errors.
    package func range(
        _ query: String, from: Int64, through: Int64, step: Int64, budget: QueryBudget, explains: Bool = false
    ) throws -> QueryResult {
        try checkTime(from)
        try checkTime(through)
        guard step > 0, step <= Self.latestTime else {
            throw PromQLError(execution: "the step must be longer than 0 and within 285,000 years, not \(step) ms")
        }
        guard from <= through else {
            throw PromQLError(execution: "the range ends (\(through) ms) before it begins (\(from) ms)")
        }
        guard (through - from) / step < Int64(options.maxStepsPerSeries) else {
            throw PromQLError(
                execution: "the range has more than \(options.maxStepsPerSeries) steps of \(step) ms; "
                    + "use a longer step or a shorter range")
        }
        let expression = try Self.parse(query, step: step, range: through - from)
        guard expression.type == .scalar || expression.type == .instantVector else {
            throw PromQLError(type: expression.type, neededFor: "range query", range: expression.range)
        }
        let grid = try StepGrid(from: from, through: through, step: step)
        let evaluation = Evaluation(
            self, query: query, grid: grid, step: step, budget: budget, tracer: explains ? QueryTracer() : nil)
        return evaluation.result(try evaluation.rangeValue(of: expression, grid), of: expression)
    }

    /// The store's matchers for a series selector such as `up{job=~"api.*"}`. Throws `PromQLError`.
    package static func matchers(_ selectorText: String) throws -> [LabelMatcher] {
        do {
            let syntax = try PromQLParser.parseSelector(selectorText)
            return try syntax.compiled(in: selectorText)
        } catch let error as PromQLSyntaxError {
            throw PromQLError(error)
        }
    }

    package func matchers(_ selectorText: String) throws -> [LabelMatcher] { try Self.matchers(selectorText) }

    /// With durations worked out for a query of this step and range, milliseconds.
    private static func parse(
        _ query: String, step: Int64, range: Int64
    ) throws(PromQLError) -> PromQLExpression {
        do {
            return try PromQLParser.parse(query).resolvingDurations(step: step, range: range, in: query)
        } catch {
            throw PromQLError(error)
        }
    }

    private func checkTime(_ time: Int64) throws(PromQLError) {
        guard time >= -Self.latestTime, time <= Self.latestTime else {
            throw PromQLError(execution: "the time \(time) ms is further than 285,000 years from 1970")
        }
    }
}
