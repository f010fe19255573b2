import Foundation
import HTTPSupport
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// What can be read again while the server runs. A part that cannot be read stays as it was. Thread-safe.
final class Reloads: Sendable {
    struct Outcome: Sendable {
        let name: String
        /// What was read, or why the part is as it was.
        let result: Result<String, any Error>
    }

    private struct Part {
        let name: String
        let read: @Sendable () async throws -> String
    }

    private let parts = Mutex<[Part]>([])
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// - Parameter read: puts the part into force as it is now, and says what was read in a few words.
    func add(_ name: String, _ read: @escaping @Sendable () async throws -> String) {
        parts.withLock { $0.append(Part(name: name, read: read)) }
    }

    /// One part after the other, in the order in which they were added.
    func run() async -> [Outcome] {
        var outcomes: [Outcome] = []
        for part in parts.withLock({ $0 }) {
            do {
                let words = try await part.read()
                logger.info("reloaded", metadata: ["part": "\(part.name)", "read": "\(words)"])
                outcomes.append(Outcome(name: part.name, result: .success(words)))
            } catch {
                logger.error(
                    "reload failed; it stays as it was", metadata: ["part": "\(part.name)", "error": "\(error)"])
                outcomes.append(Outcome(name: part.name, result: .failure(error)))
            }
        }
        return outcomes
    }

    /// `POST /-/reload`, as Prometheus has it.
    func addRoutes(to router: Router<AppContext>) {
        router.post("/-/reload") { [self] _, _ in try await respond() }
        router.put("/-/reload") { [self] _, _ in try await respond() }
    }

    private func respond() async throws -> Response {
        let outcomes = await run()
        let failures = outcomes.compactMap { outcome -> String? in
            guard case .failure(let error) = outcome.result else { return nil }
            return "\(outcome.name): \(error)"
        }
        guard failures.isEmpty else {
            throw APIError(.badData, "not reloaded, all else goes on as it was: \(failures.joined(separator: "; "))")
        }
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                for outcome in outcomes {
                    if case .success(let words) = outcome.result { data.field(outcome.name, words) }
                }
            }
        }
        return .json(json)
    }
}

/// Reloads when the process gets SIGHUP, the customary signal for it.
struct ReloadOnHangUp: Service {
    let reloads: Reloads

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals { _ = await reloads.run() }
        }
    }
}
