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
    ///   - timeout: milliseconds; the configured one if that is shorter.
    ///   - isLight: whether `read` may be tried where the request stands, and be begun anew on a query thread if it turns out
    ///     to be more than little.
    /// - Throws: `APIError` only.
    func run<Value: Sendable>(
        _ context: AppContext, timeout: Int64? = nil, isLight: Bool = false,
        _ read: @escaping @Sendable (QueryBudget) throws -> Value
    ) async throws -> Value {
        let limits = environment.limits
        let budget = limits.budget(timeout: timeout)
        let began = ContinuousClock.now
        environment.metrics.queries.add()
        // A client that sends its request and closes its side at once may still wait for the answer; that is told from one
        // that went away by time only.
        let watch = context.whenClientLeaves {
            let left = limits.watchAfter - (ContinuousClock.now - began)
            guard left > .zero else { return budget.cancel() }
            Task {
                try? await Task.sleep(for: left)
                budget.cancel()
            }
        }
        defer {
            watch.end()
            environment.metrics.latency.record(ContinuousClock.now - began)
            environment.metrics.samples.add(budget.samplesCharged)
        }
        do {
            return try await withTaskCancellationHandler {
                try await environment.barrier()
                if isLight, let value = try attempt(read, budget) { return value }
                // Whichever thread did the work, the answer is written by the connection's event loop.
                return try await withTaskExecutorPreference(EventLoopExecutor(context.channel.eventLoop)) {
                    try await environment.work.run {
                        try budget.check()
                        return try read(budget)
                    }
                }
            } onCancel: {
                budget.cancel()
            }
        } catch {
            environment.metrics.failures.add()
            let answer = APIError(queryFailure: error)
            if answer.kind == .canceled { environment.metrics.cancelled.add() }
            if answer.kind == .internal { context.logger.error("a query failed", metadata: ["error": "\(error)"]) }
            throw answer
        }
    }
}

extension QueryRunner {
    /// The result of a read that needs little: with less than a thread's waking up takes, it is not worth one. Nil if it needs
    /// more, which shows when it has begun to.
    private func attempt<Value>(_ read: (QueryBudget) throws -> Value, _ budget: QueryBudget) throws -> Value? {
        try budget.check()
        let little = budget.renewed(samples: 10_000, series: 50, memory: 4 << 20, timeout: .microseconds(300))
        do {
            let value = try read(little)
            try budget.charge(samples: little.samplesCharged)
            return value
        } catch is QueryLimitError {
            return nil
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
            case .parse, .type: self = .invalid("query", error.description)
            case .execution: self.init(.execution, error.description)
            }
        case let error as QueryLimitError:
            switch error {
            case .cancelled: self.init(.canceled, error.description)
            case .timedOut: self.init(.timeout, error.description)
            case .tooManySamples, .tooManySeries, .tooMuchMemory: self.init(.execution, error.description)
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
