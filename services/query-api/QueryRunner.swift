import HTTPSupport
import Hummingbird
import KPIAnalytics
import Logging
import NIOCore
import PromQLEngine
import SelfMetrics
import TimeSeriesStore

/// Runs what blocks, on the query threads, within the limits, for as long as somebody waits for it.
struct QueryRunner: Sendable {
    let environment: QueryEnvironment

    /// Awaits the barrier and runs `read` on a query thread.
    ///
    /// - Parameters:
    ///   - request: as `RequestParameters` leaves it.
    ///   - timeout: milliseconds; the configured one if that is shorter.
    /// - Throws: `APIError` only.
    func run<Value: Sendable>(
        _ request: Request, _ context: AppContext, timeout: Int64? = nil,
        _ read: @escaping @Sendable (QueryBudget) throws -> Value
    ) async throws -> Value {
        let limits = environment.limits
        let budget = QueryBudget(
            samples: limits.samples, series: limits.series,
            timeout: min(limits.timeout, timeout.map { .milliseconds($0) } ?? limits.timeout))
        let began = ContinuousClock.now
        environment.metrics.queries.add()
        defer {
            environment.metrics.latency.record(ContinuousClock.now - began)
            environment.metrics.samples.add(budget.samplesCharged)
        }
        do {
            return try await whileWaitedFor(request.body, budget) {
                try await environment.barrier()
                return try await environment.work.run {
                    try budget.check()
                    return try read(budget)
                }
            }
        } catch {
            environment.metrics.failures.add()
            let answer = APIError(queryFailure: error)
            if answer.kind == .canceled { environment.metrics.cancelled.add() }
            if answer.kind == .internal { context.logger.error("a query failed", metadata: ["error": "\(error)"]) }
            throw answer
        }
    }

    /// Cancels the budget when this task is cancelled, and, once the operation has taken some time, when the client
    /// is gone.
    private func whileWaitedFor<Value: Sendable>(
        _ body: RequestBody, _ budget: QueryBudget, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await operation() }
                group.addTask {
                    try await Task.sleep(for: environment.limits.watchAfter)
                    return nil
                }
                defer { group.cancelAll() }
                if case .some(.some(let value)) = try await group.next() { return value }
                return try await body.consumeWithInboundCloseHandler { _ in
                    guard case .some(.some(let value)) = try await group.next() else { throw CancellationError() }
                    return value
                } onInboundClosed: {
                    budget.cancel()
                }
            }
        } onCancel: {
            budget.cancel()
        }
    }
}

extension APIError {
    /// What a client is told of an error that came up while reading. The causes of an internal one are for the log.
    init(queryFailure error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as PromQLError:
            switch error.kind {
            case .parse: self = .invalid("query", error.description)
            case .execution: self.init(.execution, error.description)
            }
        case let error as QueryLimitError:
            switch error {
            case .cancelled: self.init(.canceled, error.description)
            case .timedOut: self.init(.timeout, error.description)
            case .tooManySamples, .tooManySeries: self.init(.execution, error.description)
            }
        case let error as KPIError:
            switch error {
            case .windowOutOfRange: self = .invalid("window", error.description)
            case .timeOutOfRange: self = .invalid("time", error.description)
            case .unexpectedResult: self.init(.execution, error.description)
            }
        case is CancellationError: self.init(.canceled, "the query was cancelled")
        default: self.init(.internal, "the query failed inside the server; its log says why")
        }
    }
}
