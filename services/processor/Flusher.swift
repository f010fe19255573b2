import Dispatch
import EmbeddedStore
import Foundation
import IngestLog
import Logging
package import SelfMetrics
import Synchronization

/// What the flusher did since the process began.
package final class FlushCounters: Sendable {
    package let blocks = Counter()
    package let samples = Counter()
    package let failures = Counter()
    package let trimmedBatches = Counter()
}

/// Writes windows that left the head into blocks, writes the ledger down and trims the log, away from the processor's thread.
final class Flusher: Sendable {
    let counters = FlushCounters()
    private let log: IngestLog
    private let store: EmbeddedStore
    private let ledger: Ledger
    private let applied: AppliedPosition
    private let logger: Logger
    /// The oldest offset of the log that is needed although its batches are in blocks; set once, before the first flush.
    let neededOffset = Mutex<NeededOffset?>(nil)
    private let queue = DispatchQueue(label: "heliograph.flush", qos: .utility)
    private let isExemplarFlushQueued = Atomic<Bool>(false)

    struct NeededOffset: Sendable {
        let oldest: @Sendable () -> Int64?
    }

    init(log: IngestLog, store: EmbeddedStore, ledger: Ledger, applied: AppliedPosition, logger: Logger) {
        self.log = log
        self.store = store
        self.ledger = ledger
        self.applied = applied
        self.logger = logger
    }

    func wake(now: Int64) {
        queue.async { [self] in flush(now: now) }
    }

    /// Writes the exemplars in memory, unless that is about to be done already.
    func wakeForExemplars() {
        guard !isExemplarFlushQueued.exchange(true, ordering: .relaxed) else { return }
        queue.async { [self] in
            isExemplarFlushQueued.store(false, ordering: .relaxed)
            flushExemplars()
        }
    }

    func flushExemplarsNow() { queue.sync { flushExemplars() } }

    /// Waits for a flush that is under way.
    func stop() { queue.sync {} }

    /// Flushes what is detached, and returns when that is done or has failed.
    func flushNow(now: Int64) { queue.sync { flush(now: now) } }

    /// What fails stays in memory, and the log is kept for it.
    private func flushExemplars() {
        do {
            try store.writeExemplars()
        } catch {
            counters.failures.add()
            logger.error(
                "exemplars could not be written; they stay in memory and in the log", metadata: ["error": "\(error)"])
        }
        for damage in store.takeExemplarDamages() {
            logger.critical("exemplars are lost", metadata: ["damage": "\(damage)"])
        }
    }

    private func flush(now: Int64) {
        // Before the log is trimmed.
        flushExemplars()
        do {
            let report = try store.writeDetached(now: now) { try log.write(ledger.checkpoint()) }
            guard report.windows > 0 else { return }
            counters.blocks.add(report.blocks)
            counters.samples.add(report.samples)
            // Batches behind the ledger's checkpoint are still needed to count them again after a restart. And while the log
            // is replayed, the ledger is ahead of what the store has seen.
            let applied = min(ledger.offset, applied.offset)
            let needed = neededOffset.withLock { $0 }?.oldest() ?? .max
            let safe = min(store.safeOffset(applied: applied), try log.ledgerCheckpoint().offset, needed - 1)
            counters.trimmedBatches.add(try log.trim(through: safe))
            logger.info(
                "flushed",
                metadata: ["blocks": "\(report.blocks)", "samples": "\(report.samples)", "through": "\(safe)"])
        } catch {
            counters.failures.add()
            logger.error("flush failed; its samples stay in memory and in the log", metadata: ["error": "\(error)"])
        }
    }
}
