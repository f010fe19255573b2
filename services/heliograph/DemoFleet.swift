import Logging
import Producer
import ServiceLifecycle

/// The simulated fleet of `run --demo`: sends to this server over HTTP like any other producer.
struct DemoFleet: Service {
    /// Yields the server's address once it takes requests.
    let addresses: AsyncStream<String>
    /// The data folder is new: hours are sent first, so that the dashboard has something to show at first sight.
    let isFirstRun: Bool
    let credentials: ServerCredentials
    let logger: Logger

    func run() async throws {
        var iterator = addresses.makeAsyncIterator()
        guard let url = await iterator.next() else { return }
        var options = ProducerOptions(url: url, content: .fleet(FleetOptions()))
        options.credentials = credentials
        options.isDemonstration = true
        options.backfill = isFirstRun ? .seconds(6 * 3600) : .zero
        options.isQuiet = true
        do {
            try await ProducerService(options: options).run()
        } catch {
            logger.error("the simulated fleet stopped", metadata: ["error": "\(error)"])
        }
    }
}
