import AsyncHTTPClient
import Forwarder
import Foundation
import HTTPSupport
import NIOCore
import Settings

extension Platform {
    /// Threads that read the log for receivers.
    private static let forwardThreads = 2

    /// Says at once when nobody listens: when to try again is for the lanes to say.
    private static let forwardClient: HTTPClient = {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The receivers that are set; nil if there are none. To be asked for once, as they register their metrics.
    ///
    /// - Throws: `CommandFailure` if the file cannot be used.
    func forwarding() throws -> Forwarding? {
        let path = settings.forward.file
        guard !path.isEmpty else { return nil }
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return try Forwarding(
                ForwardFile.receivers(in: text), maximumBacklogBytes: settings.forward.maxBacklogBytes, log: log,
                work: BlockingWork(label: "forward", width: Platform.forwardThreads), client: Platform.forwardClient,
                metrics: metrics,
                logger: logger)
        } catch {
            throw CommandFailure("forward.file \(path): \(error)")
        }
    }
}
