package import AccessControl
import Foundation
package import SelfMetrics
import Synchronization

/// Who may do what: the tokens of the moment, and whether one is needed. Thread-safe.
package final class AccessGate: Sendable {
    /// When a token is needed.
    package enum Policy: Sendable {
        /// As soon as one was ever made.
        case onceThereAreTokens
        case always
        case never
    }

    private let policy: Policy
    private struct Tokens {
        var kept = TokenList()
        var all = TokenList()
    }

    private let tokens = Mutex(Tokens())
    private let denied: [TokenRefusal: Counter]
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970.
    package init(
        policy: Policy, metrics: MetricsRegistry,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.policy = policy
        self.now = now
        let denied = Dictionary(uniqueKeysWithValues: TokenRefusal.allCases.map { ($0, Counter()) })
        self.denied = denied
        metrics.register(
            "heliograph_access_denied_total", .counter,
            help: "Requests that were refused for want of a token that allows them."
        ) {
            TokenRefusal.allCases.map {
                .init(Double(denied[$0]?.value ?? 0), labels: [("reason", $0.rawValue)])
            }
        }
    }

    /// Takes over what is kept on disk.
    ///
    /// - Parameter own: one of the process itself, which does not make tokens needed.
    package func update(_ kept: [AccessToken], and own: AccessToken? = nil) {
        let kept = TokenList(kept)
        let all = own.map { kept.adding($0) } ?? kept
        tokens.withLock { $0 = Tokens(kept: kept, all: all) }
    }

    package var isTokenNeeded: Bool {
        switch policy {
        case .always: true
        case .never: false
        case .onceThereAreTokens: !tokens.withLock { $0.kept.isEmpty }
        }
    }

    package var hasValidToken: Bool { tokens.withLock { $0.kept }.hasValid(at: now()) }

    /// The token that a client has shown; nil if none is needed and it shows none that is valid.
    ///
    /// - Throws: why the caller is not let in; it is counted.
    package func admit(_ credential: Credential?, _ requirement: RouteRequirement) throws(TokenRefusal) -> AccessToken?
    {
        guard case .scope(let scope) = requirement else { return nil }
        do throws(TokenRefusal) {
            return try token(credential, scope)
        } catch {
            guard isTokenNeeded else { return nil }
            denied[error]?.add()
            throw error
        }
    }

    /// The token of a text, whatever it allows.
    package func token(for text: String) throws(TokenRefusal) -> AccessToken {
        let all = tokens.withLock { $0.all }
        return try all.token(for: text, at: now())
    }

    private func token(_ credential: Credential?, _ scope: AccessScope) throws(TokenRefusal) -> AccessToken {
        guard let credential else { throw .missing }
        let token = try token(for: credential.text)
        // What a browser adds by itself must not be able to change anything.
        let allowed = credential.isCookie ? token.scope.intersection(.read) : token.scope
        guard allowed.isSuperset(of: scope) else { throw .scope }
        return token
    }
}
