import HTTPSupport
import Hummingbird
import NIOCore
import PromQLEngine
import PromQLSyntax
import TimeSeriesStore

/// `/api/v1/query`, `/api/v1/query_range`, and what belongs to them.
struct QueryRoutes: Sendable {
    /// Prometheus' bound on (end - start) / step.
    static let maximumSteps: Int64 = 11_000
    static let truncated = "results truncated due to limit"

    let runner: QueryRunner

    private var environment: QueryEnvironment { runner.environment }

    @Sendable func instant(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let query = try parameters.required("query", "a PromQL expression")
        let time = try parameters.time("time") ?? environment.now()
        let limit = try parameters.resultLimit()
        let engine = try engine(parameters)
        let timeout = try parameters.positiveDuration("timeout")
        let body = try await runner.run(request, context, timeout: timeout) { budget in
            answer(try engine.instant(query, at: time, budget: budget), limit: limit)
        }
        return .answer(body)
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
        guard (end - start) / step <= Self.maximumSteps else {
            throw APIError(
                .badData,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
                    + "(?step=XX)")
        }
        let query = try parameters.required("query", "a PromQL expression")
        try checkRangeType(of: query)
        let limit = try parameters.resultLimit()
        let engine = try engine(parameters)
        let timeout = try parameters.positiveDuration("timeout")
        let body = try await runner.run(request, context, timeout: timeout) { budget in
            answer(try engine.range(query, from: start, through: end, step: step, budget: budget), limit: limit)
        }
        return .answer(body)
    }

    @Sendable func format(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let query = try parameters.required("query", "a PromQL expression")
        let text = try parse(query).description
        return .answer(AnswerWriter.success { $0.string(text) })
    }

    /// Exemplars are not stored: every query that parses has none.
    @Sendable func exemplars(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        _ = try parameters.timeRange()
        _ = try parse(parameters.required("query", "a PromQL expression"))
        return .answer(AnswerWriter.success { $0.raw("[]") })
    }

    private func answer(_ result: QueryResult, limit: Int?) -> ByteBuffer {
        guard let limit else { return AnswerWriter.success(result) }
        switch result.value {
        case .vector(let samples) where samples.count > limit:
            let kept = QueryResult(value: .vector(Array(samples.prefix(limit))), annotations: result.annotations)
            return AnswerWriter.success(kept, extraWarnings: [Self.truncated])
        case .matrix(let series) where series.count > limit:
            let kept = QueryResult(value: .matrix(Array(series.prefix(limit))), annotations: result.annotations)
            return AnswerWriter.success(kept, extraWarnings: [Self.truncated])
        default: return AnswerWriter.success(result)
        }
    }

    private func engine(_ parameters: RequestParameters) throws -> PromQLEngine {
        var options = environment.engineOptions
        // Both ends of the range are points, so there may be one more than the quotient says.
        options.maxStepsPerSeries = Int(Self.maximumSteps) + 1
        if let lookback = try parameters.positiveDuration("lookback_delta") { options.lookbackDelta = lookback }
        return PromQLEngine(store: environment.store, options: options)
    }

    private func checkRangeType(of query: String) throws {
        let type = try parse(query).type
        guard type == .scalar || type == .instantVector else {
            throw APIError.invalid(
                "query",
                "invalid expression type \"\(type.rawValue)\" for range query, must be Scalar or instant Vector")
        }
    }

    private func parse(_ query: String) throws -> PromQLExpression {
        do {
            return try PromQLParser.parse(query)
        } catch {
            throw APIError.invalid("query", error.description)
        }
    }
}
