import AccessControl
import Synchronization
import TelemetryModel

/// How many series each token with a budget has begun. Thread-safe.
final class TokenBudgets: Sendable {
    private struct State {
        var budgets: [String: SeriesBudget] = [:]
        /// As read at start, for tokens that have not sent anything yet.
        var restored: [String: Int] = [:]
    }

    private let state = Mutex(State())

    func restore(_ counts: [String: Int]) { state.withLock { $0.restored = counts } }

    /// Nil if the token may begin as many as there may be.
    func budget(_ token: AccessToken) -> SeriesBudget? {
        guard let limit = token.maximumSeries else { return nil }
        return state.withLock { state in
            if let known = state.budgets[token.id] { return known }
            let new = SeriesBudget(name: token.name, limit: limit, used: state.restored[token.id] ?? 0)
            state.budgets[token.id] = new
            return new
        }
    }

    var counts: [String: Int] { state.withLock { $0.budgets }.mapValues(\.used) }
}
