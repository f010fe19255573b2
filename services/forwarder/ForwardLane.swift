import Foundation
import HTTPSupport
import IngestLog
import Logging
import Synchronization
import WireFormats

/// The way to one receiver. One request at a time, so that a series' samples come in order.
final class ForwardLane: Sendable {
    struct Status: Sendable {
        var position: ForwardPosition
        var requests = 0
        var retries = 0
        /// That the receiver took, since the process began.
        var exemplars = 0
        var lagSeconds = 0.0
        var pendingBatches: Int64 = 0
        /// Why the last request was not taken; nil if it was.
        var problem: String?
    }

    private struct Counts {
        var requests = 0
        var retries = 0
        var exemplars = 0
        /// When what is on its way came, milliseconds since 1970-01-01T00:00:00Z; nil if all is sent.
        var oldest: Int64?
        var problem: String?
    }

    /// How long to wait for new batches.
    private static let pause = Duration.milliseconds(100)
    private static let firstDelay = 0.25
    private static let longestDelay = 30.0

    let receiver: ForwardReceiver
    private let log: IngestLog
    private let work: BlockingWork
    private let client: ForwardClient
    private let logger: Logger
    private let counts = Mutex(Counts())
    let metadata: ForwardMetadata

    init(receiver: ForwardReceiver, log: IngestLog, work: BlockingWork, client: ForwardClient, logger: Logger) {
        self.receiver = receiver
        self.log = log
        self.work = work
        self.client = client
        var logger = logger
        logger[metadataKey: "receiver"] = "\(receiver.name)"
        self.logger = logger
        metadata = ForwardMetadata(receiver: receiver, log: log, client: client, logger: logger)
    }

    var status: Status {
        let counts = counts.withLock { $0 }
        let position = log.forwardPosition(of: receiver.name)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return Status(
            position: position, requests: counts.requests, retries: counts.retries,
            exemplars: counts.exemplars,
            lagSeconds: counts.oldest.map { Double(max(0, now - $0)) / 1000 } ?? 0,
            pendingBatches: max(0, log.durableOffset - position.offset), problem: counts.problem)
    }

    func run() async {
        var reader = ForwardReader(log: log, receiver: receiver)
        var written = (position: log.forwardPosition(of: receiver.name), at: ContinuousClock.now)
        var missed = 0
        while !Task.isCancelled {
            do {
                let taken = reader
                let (portion, next) = try await work.run(isBegun: true) {
                    var reader = taken
                    let portion = try reader.next()
                    return (portion, reader)
                }
                reader = next
                if let portion {
                    await deliver(portion)
                } else {
                    counts.withLock { $0.oldest = nil }
                    try? await Task.sleep(for: ForwardLane.pause)
                }
            } catch {
                logger.error("the log cannot be read for forwarding; trying again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
            let position = log.forwardPosition(of: receiver.name)
            if position.missed > missed {
                logger.critical(
                    "the receiver misses records: it is behind by more than forward.max_backlog_bytes, or they are damaged",
                    metadata: ["records": "\(position.missed - missed)", "in_all": "\(position.missed)"])
                missed = position.missed
            }
            if position != written.position, ContinuousClock.now - written.at >= .seconds(1) {
                await write()
                written = (position, ContinuousClock.now)
            }
        }
        log.releaseForwarding(receiver.name)
        await write()
    }

    /// Returns when the receiver has answered for good, or when the task is cancelled; then the position stays.
    private func deliver(_ portion: ForwardReader.Portion) async {
        for damage in portion.damages {
            logger.error("records cannot be forwarded", metadata: ["reason": "\(damage)"])
        }
        let place = (offset: portion.offset, records: portion.records)
        guard !portion.request.isEmpty else {
            log.advanceForwarding(receiver.name, to: place, missed: portion.missed)
            return
        }
        counts.withLock { $0.oldest = portion.receivedAt }
        let (samples, exemplars) = (portion.request.sampleCount, portion.request.exemplarCount)
        let message = Snappy.compress(portion.request.message.span)
        var failures = 0
        while !Task.isCancelled {
            switch await client.send(message) {
            case .taken:
                if failures > 0 { logger.notice("the receiver takes samples again") }
                counts.withLock { counts in
                    counts.requests += 1
                    counts.exemplars += exemplars
                    counts.problem = nil
                }
                log.advanceForwarding(receiver.name, to: place, sent: samples, missed: portion.missed)
                return
            case .refused(let reason):
                logger.error(
                    "the receiver refused samples for good; they are left out",
                    metadata: ["samples": "\(samples)", "answer": "\(reason)"])
                counts.withLock { $0.problem = reason }
                log.advanceForwarding(receiver.name, to: place, failed: samples, missed: portion.missed)
                return
            case .unavailable(let reason, let retryAfter):
                if failures == 0, !Task.isCancelled {
                    logger.warning("the receiver takes no samples; trying again", metadata: ["answer": "\(reason)"])
                }
                failures += 1
                counts.withLock { counts in
                    counts.retries += 1
                    counts.problem = reason
                }
                try? await Task.sleep(for: delay(after: failures, retryAfter))
            }
        }
    }

    /// Twice as long each time, with a half of it left to chance, so that many senders do not come back at once.
    private func delay(after failures: Int, _ retryAfter: Duration?) -> Duration {
        let full = min(ForwardLane.longestDelay, ForwardLane.firstDelay * Double(1 << min(failures - 1, 10)))
        let chosen = Duration.seconds(full * Double.random(in: 0.5...1))
        return max(chosen, retryAfter ?? .zero)
    }

    private func write() async {
        do {
            try await work.run(isBegun: true) { [log, receiver] in try log.writeForwardPosition(of: receiver.name) }
        } catch {
            logger.error("the receiver's position cannot be written", metadata: ["error": "\(error)"])
        }
    }
}
