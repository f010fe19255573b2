import HTTPSupport
import Hummingbird
import NIOCore
import PromQLEngine
import PromQLSyntax
import SelfMetrics
import TimeSeriesStore

/// `/api/v1/query`, `/api/v1/query_range`, and what belongs to them.
struct QueryRoutes: Sendable {
    static let truncated = "results truncated due to limit"

    let runner: QueryRunner

    private var environment: QueryEnvironment { runner.environment }

    @Sendable func instant(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let query = try parameters.required("query", "a PromQL expression")
        let time = try parameters.time("time") ?? environment.now()
        let options = try options(parameters)
        let answer = try await runner.run(context, timeout: options.timeout, isLight: options.isLight(query, span: 0)) {
            budget in
            try options.answer(query, from: time, through: time, step: 1, budget: budget) { engine in
                try engine.instant(query, at: time, budget: budget, explains: options.explains)
            }
        }
        return .answer(answer)
    }

    @Sendable func range(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let start = try parameters.requiredTime("start")
        let end = try parameters.requiredTime("end")
        guard end >= start else { throw APIError.invalid("end", "end timestamp must not be before start time") }
        guard let step = try parameters.duration("step") else {
            throw APIError.invalid("step", "expected seconds, or a duration such as 30s or 1h30m, got nothing")
        }
        guard step > 0 else {
            throw APIError.invalid(
                "step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        guard (end - start) / step <= Int64(environment.limits.steps) else {
            throw APIError(
                .badData,
                "exceeded maximum resolution of \(environment.limits.steps.grouped) points per timeseries. Try decreasing "
                    + "the query resolution (?step=XX) or raise query.max_steps; the range has "
                    + "\(Int((end - start) / step).grouped) steps")
        }
        let query = try parameters.required("query", "a PromQL expression")
        let options = try options(parameters)
        let answer = try await runner.run(
            context, timeout: options.timeout, isLight: options.isLight(query, span: end - start)
        ) { budget in
            try options.answer(query, from: start, through: end, step: step, budget: budget) { engine in
                try engine.range(
                    query, from: start, through: end, step: step, budget: budget, explains: options.explains)
            }
        }
        return .answer(answer)
    }

    @Sendable func format(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let query = try parameters.required("query", "a PromQL expression")
        let text = try parse(query).prettyText
        return .answer(AnswerWriter.success { $0.string(text) })
    }

    @Sendable func tree(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let tree = try parse(parameters.required("query", "a PromQL expression")).treeJSON
        return .answer(AnswerWriter.success { $0.text.append(text: tree) })
    }

    /// What instant and range queries have in common.
    private struct Options: Sendable {
        let engine: PromQLEngine
        let limit: Int?
        /// Milliseconds.
        let timeout: Int64?
        let wantsStatistics: Bool
        let listsSteps: Bool
        let explains: Bool
        let began = ContinuousClock.now

        /// Whether the query may need little. The search for series by patterns does not say what it needs, and what is asked
        /// beside the result is not to depend on a second attempt.
        ///
        /// - Parameter span: from the first step to the last, milliseconds. Long ones have many samples in each series.
        func isLight(_ query: String, span: Int64) -> Bool {
            span <= 6 * 3_600_000 && !wantsStatistics && !explains && query.utf8.count <= 512
                && !query.utf8.contains(UInt8(ascii: "~"))
        }

        func answer(
            _ query: String, from: Int64, through: Int64, step: Int64, budget: QueryBudget,
            _ evaluate: (PromQLEngine) throws -> QueryResult
        ) throws -> ResultWriter.Answer {
            let started = ContinuousClock.now
            let result = try evaluate(engine)
            guard wantsStatistics, let expression = try? PromQLParser.parse(query) else {
                return ResultWriter(result, limit: limit).begun()
            }
            var statistics = QueryStatistics()
            statistics.queued = (started - began).seconds
            statistics.evaluated = (ContinuousClock.now - started).seconds
            statistics.charged = budget.samplesCharged
            statistics.listsSteps = listsSteps
            do {
                statistics.perStep = try SampleCount(query: query, engine: engine, budget: budget)
                    .perStep(of: expression, from: from, through: through, step: step)
            } catch let error as QueryLimitError where error != .cancelled {
                // The result is there all the same.
                return ResultWriter(result, limit: limit, infos: ["statistics are left out: \(error)"]).begun()
            }
            statistics.total = statistics.perStep.reduce(0) { $0 &+ $1.samples }
            return ResultWriter(result, limit: limit, statistics: statistics).begun()
        }
    }

    private func options(_ parameters: RequestParameters) throws -> Options {
        var engineOptions = environment.engineOptions
        // Both ends of the range are points, so there may be one more than the quotient says.
        engineOptions.maxStepsPerSeries = environment.limits.steps + 1
        if let lookback = try parameters.positiveDuration("lookback_delta") { engineOptions.lookbackDelta = lookback }
        let statistics = parameters.text("stats")
        return Options(
            engine: PromQLEngine(store: environment.store, options: engineOptions),
            limit: try parameters.resultLimit(), timeout: try parameters.positiveDuration("timeout"),
            wantsStatistics: statistics != nil, listsSteps: statistics == "all",
            explains: try parameters.flag("explain"))
    }

    private func parse(_ query: String) throws -> PromQLExpression {
        do {
            return try PromQLParser.parse(query)
        } catch {
            throw APIError.invalid("query", error.description)
        }
    }
}

extension Int {
    /// With a comma between thousands: `11,000`.
    fileprivate var grouped: String {
        var text = ""
        for (index, digit) in String(self).reversed().enumerated() {
            if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
