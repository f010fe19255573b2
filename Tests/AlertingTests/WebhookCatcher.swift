import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A receiver of notifications: a real HTTP server on a free port, which keeps what was posted.
final class WebhookCatcher: Sendable {
    struct Alert: Decodable, Sendable {
        let status: String
        let labels: [String: String]
        let annotations: [String: String]
        let startsAt: String
        let endsAt: String
        let generatorURL: String
        let fingerprint: String
    }

    struct Body: Decodable, Sendable {
        let version: String
        let groupKey: String
        let truncatedAlerts: Int
        let status: String
        let receiver: String
        let groupLabels: [String: String]
        let commonLabels: [String: String]
        let commonAnnotations: [String: String]
        let externalURL: String
        let alerts: [Alert]
    }

    /// The statuses of the next answers; then 200.
    let answers = Mutex<[HTTPResponse.Status]>([])
    let bodies: AsyncStream<Body>
    private let continuation: AsyncStream<Body>.Continuation

    init() { (bodies, continuation) = AsyncStream.makeStream() }

    /// Runs the server while `use` runs, with the address to post to.
    func serve<Result: Sendable>(
        _ use: @escaping @Sendable (_ url: String) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        router.post("/hook") { [self] request, _ -> HTTPResponse.Status in
            let buffer = try await request.body.collect(upTo: 1 << 20)
            let body = try JSONDecoder().decode(Body.self, from: Data(buffer.readableBytesView))
            let status = answers.withLock { $0.isEmpty ? .ok : $0.removeFirst() }
            continuation.yield(body)
            return status
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "receiver")
        // Being stopped in the midst of things is not worth a word.
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await application.runService(gracefulShutdownSignals: [])
                return nil
            }
            group.addTask {
                for await port in ports { return try await use("http://127.0.0.1:\(port)/hook") }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// The next notification that was posted.
    func next() async -> Body? {
        for await body in bodies { return body }
        return nil
    }
}
