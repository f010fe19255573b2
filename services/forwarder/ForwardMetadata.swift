import IngestLog
import Logging
import Synchronization
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// Sends a receiver what is known of metrics, all of it every so often, beside the samples: a receiver may forget, and nobody can
/// tell (Prometheus' `metadata_config` does the same). What does not arrive is not sent again before the next time.
final class ForwardMetadata: Sendable {
    /// Families in one request.
    private static let mostFamilies = 500

    private let receiver: ForwardReceiver
    private let known: MetadataRegistry
    private let client: ForwardClient
    private let logger: Logger
    private let counts = Mutex((sent: 0, failed: 0))

    init(receiver: ForwardReceiver, log: IngestLog, client: ForwardClient, logger: Logger) {
        self.receiver = receiver
        known = log.metadata
        self.client = client
        self.logger = logger
    }

    /// Families that the receiver took, and those that it did not, since the process began.
    var families: (sent: Int, failed: Int) { counts.withLock { $0 } }

    func run() async {
        guard let interval = receiver.metadataInterval else { return }
        var problem: String?
        while !Task.isCancelled {
            let reason = await sendAll()
            // Not each time: the samples' lane says as well how the receiver is.
            if let reason, problem == nil, !Task.isCancelled {
                logger.warning("the receiver takes no metadata; trying again later", metadata: ["answer": "\(reason)"])
            }
            problem = reason
            try? await Task.sleep(for: interval)
        }
    }

    /// - Returns: why a part was not taken; nil if all of it was.
    private func sendAll() async -> String? {
        let wanted = known.families().filter { receiver.wants(family: $0.family) }
            .flatMap { family, variants in variants.map { FamilyMetadata(family, $0.metadata) } }
        for start in stride(from: 0, to: wanted.count, by: ForwardMetadata.mostFamilies) {
            let portion = wanted[start..<min(start + ForwardMetadata.mostFamilies, wanted.count)]
            switch await client.send(Snappy.compress(RemoteWriteEncoder.message(portion).span)) {
            case .taken: counts.withLock { $0.sent += portion.count }
            case .refused(let reason), .unavailable(let reason, _):
                counts.withLock { $0.failed += wanted.count - start }
                return reason
            }
        }
        return nil
    }
}

extension ForwardReceiver {
    private static let partSuffixes = ["", "_total", "_bucket", "_sum", "_count", "_info"]

    /// Whether series of a family may be among those that the receiver gets, as far as their names can say.
    func wants(family: String) -> Bool {
        guard !selectors.isEmpty else { return true }
        return selectors.contains { matchers in
            let ofName = matchers.filter { $0.name == LabelSet.metricNameLabel }
            return ForwardReceiver.partSuffixes.contains { suffix in ofName.allSatisfy { $0.accepts(family + suffix) } }
        }
    }
}
