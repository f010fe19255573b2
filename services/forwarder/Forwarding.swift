package import AsyncHTTPClient
import Foundation
package import HTTPSupport
package import IngestLog
package import Logging
package import SelfMetrics
import ServiceLifecycle

/// Sends what the log holds to other stores: each receiver from its own position, at its own pace.
///
/// A position moves when the receiver has answered. It is written down once a second, so that a kill has at most so much sent twice,
/// as the same samples at the same times.
package struct Forwarding: Service {
    let lanes: [ForwardLane]

    /// - Throws: what SQLite could not do.
    package init(
        _ receivers: [ForwardReceiver], maximumBacklogBytes: Int, log: IngestLog, work: BlockingWork,
        client: HTTPClient, metrics: MetricsRegistry, logger: Logger
    ) throws {
        let forgotten = try log.holdForForwarding(
            receivers.map { ($0.name, $0.isFromBeginning) }, maximumBytes: maximumBacklogBytes)
        for name in forgotten { logger.notice("a receiver is set no more", metadata: ["receiver": "\(name)"]) }
        lanes = receivers.map { receiver in
            ForwardLane(
                receiver: receiver, log: log, work: work, client: ForwardClient(client: client, receiver: receiver),
                logger: logger)
        }
        register(in: metrics)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for lane in lanes {
                    group.addTask { await lane.run() }
                    group.addTask { await lane.metadata.run() }
                }
            }
        }
    }

    private func register(in metrics: MetricsRegistry) {
        func register(
            _ name: String, _ kind: MetricsRegistry.Kind, _ help: String,
            _ read: @escaping @Sendable (ForwardLane.Status) -> Double
        ) {
            metrics.register("heliograph_forward_\(name)", kind, help: help) { [lanes] in
                lanes.map { .init(read($0.status), labels: [("receiver", $0.receiver.name)]) }
            }
        }
        register("sent_samples_total", .counter, "Samples that the receiver took.") { Double($0.position.sent) }
        register("failed_samples_total", .counter, "Samples that the receiver refused for good.") {
            Double($0.position.failed)
        }
        register("missed_records_total", .counter, "Records that were trimmed or damaged before they were sent.") {
            Double($0.position.missed)
        }
        register("sent_exemplars_total", .counter, "Exemplars that the receiver took.") { Double($0.exemplars) }
        register("requests_total", .counter, "Requests that were answered with a 2xx.") { Double($0.requests) }
        for (name, help, read) in [
            ("sent_metadata_total", "Metadata of families that the receiver took.", \.sent),
            ("failed_metadata_total", "Metadata of families that it did not take.", \.failed),
        ] as [(String, String, KeyPath<(sent: Int, failed: Int), Int> & Sendable)] {
            metrics.register("heliograph_forward_\(name)", .counter, help: help) { [lanes] in
                lanes.map {
                    .init(Double($0.metadata.families[keyPath: read]), labels: [("receiver", $0.receiver.name)])
                }
            }
        }
        register("retries_total", .counter, "Requests that were sent again.") { Double($0.retries) }
        register("lag_seconds", .gauge, "For how long the oldest record that is not sent yet has been in the log.") {
            $0.lagSeconds
        }
        register("pending_batches", .gauge, "Batches of the log behind the receiver's position.") {
            Double($0.pendingBatches)
        }
    }
}
