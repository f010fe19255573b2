import HTTPSupport
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import UnixSignals

/// What can be read again while the server runs: parts with a name, each of which keeps what it has if that fails. Thread-safe.
final class Reloads: Sendable {
    struct Failure: Error, Sendable {
        let part: String
        let reason: String
    }

    private struct Part: Sendable {
        let name: String
        let reload: @Sendable () async throws -> Void
    }

    private let parts = Mutex<[Part]>([])

    /// - Parameters:
    ///   - name: of what is read, for messages.
    ///   - reload: reads it again; throws, having changed nothing, if it cannot be used.
    func register(_ name: String, _ reload: @escaping @Sendable () async throws -> Void) {
        parts.withLock { $0.append(Part(name: name, reload: reload)) }
    }

    /// Reads all of it again, in order of registration, and goes on after a failure.
    func run(logger: Logger) async -> [Failure] {
        var failures: [Failure] = []
        for part in parts.withLock({ $0 }) {
            do {
                try await part.reload()
                logger.info("read again", metadata: ["part": "\(part.name)"])
            } catch {
                logger.error(
                    "could not be read again; what was read before holds on",
                    metadata: ["part": "\(part.name)", "reason": "\(error)"])
                failures.append(Failure(part: part.name, reason: "\(error)"))
            }
        }
        return failures
    }
}

/// `POST /-/reload` and, as in Prometheus, `PUT`: 200 with nothing, or 500 with what could not be read.
func addReloadRoute(to router: Router<AppContext>, reloads: Reloads, logger: Logger) {
    let reload: @Sendable (Request, AppContext) async throws -> Response = { _, _ in
        let failures = await reloads.run(logger: logger)
        guard !failures.isEmpty else { return Response(status: .ok) }
        let lines = failures.map { "failed to reload \($0.part): \($0.reason)\n" }
        return Response(
            status: .internalServerError, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: lines.joined())))
    }
    router.post("/-/reload", use: reload)
    router.put("/-/reload", use: reload)
}

/// Reads all again at SIGHUP.
struct ReloadSignal: Service {
    let reloads: Reloads
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            _ = await reloads.run(logger: logger)
        }
    }
}
