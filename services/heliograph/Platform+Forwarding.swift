import AsyncHTTPClient
import Forwarder
import Foundation
import HTTPSupport
import NIOCore
import Settings

extension Platform {
    /// Threads that read the log for receivers.
    private static let forwardThreads = 2

    /// The receivers that are set; nil if there are none. To be asked for once, as they register their metrics.
    ///
    /// - Throws: `CommandFailure` if the file cannot be used.
    func forwarding() throws -> Forwarding? {
        let path = settings.forward.file
        guard !path.isEmpty else { return nil }
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            return try Forwarding(
                ForwardFile.receivers(in: text), maximumBacklogBytes: settings.forward.maxBacklogBytes, log: log,
                work: BlockingWork(label: "forward", width: Platform.forwardThreads), client: client, metrics: metrics,
                logger: logger)
        } catch {
            throw CommandFailure("forward.file \(path): \(error)")
        }
    }
}
