import Dispatch
import EmbeddedStore
import Foundation
import Logging
package import SelfMetrics
import Synchronization

/// What compaction and retention did since the process began.
package final class CompactionCounters: Sendable {
    package let runs = Counter()
    package let inputBytes = Counter()
    package let outputBytes = Counter()
    package let samples = Counter()
    package let duplicates = Counter()
    package let failures = Counter()
    package let milliseconds = Counter()
    package let removedBlocks = Counter()
    package let writtenRollups = Counter()
    package let removedRollups = Counter()
}

/// Merges blocks and lets go of old ones, one job after the other, on a thread that gives way to all others.
package final class Compactor: Sendable {
    package let counters = CompactionCounters()
    private let store: EmbeddedStore
    private let logger: Logger
    private let queue = DispatchQueue(label: "heliograph.compaction", qos: .background)
    private let isStopping = Atomic<Bool>(false)
    private let isQueued = Atomic<Bool>(false)

    init(store: EmbeddedStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Starts what is due, unless that is under way already.
    package func wake() {
        guard !isQueued.exchange(true, ordering: .relaxed) else { return }
        queue.async { [self] in
            isQueued.store(false, ordering: .relaxed)
            run(now: Int64(Date().timeIntervalSince1970 * 1000))
        }
    }

    /// Gives up a merge that is under way, which leaves everything as it was, and returns when it has ended.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        queue.sync {}
    }

    private func run(now: Int64) {
        var failures = 0
        while !isStopping.load(ordering: .relaxed), failures < Compactor.toleratedFailures {
            do {
                guard try compact(now: now) else { break }
            } catch is CancellationError {
                return
            } catch {
                // A damaged input is set aside by the store, so that the next attempt gets further.
                failures += 1
                counters.failures.add()
                logger.error("a compaction failed", metadata: ["error": "\(error)"])
            }
        }
        sweep(now: now)
        expireExemplars(now: now)
    }

    /// After so many failures in a row it is the disk, not a block.
    private static let toleratedFailures = 3

    private func compact(now: Int64) throws -> Bool {
        let began = ContinuousClock.now
        guard let report = try store.compactNext(now: now, isCancelled: { self.isStopping.load(ordering: .relaxed) })
        else { return false }
        let milliseconds = Int((ContinuousClock.now - began) / .milliseconds(1))
        counters.runs.add()
        counters.inputBytes.add(report.inputBytes)
        counters.outputBytes.add(report.outputBytes)
        counters.samples.add(report.samples)
        counters.duplicates.add(report.duplicates)
        counters.milliseconds.add(milliseconds)
        logger.info(
            "compacted",
            metadata: [
                "inputs": "\(report.inputs.count)", "output": "\(report.output)", "samples": "\(report.samples)",
                "duplicates": "\(report.duplicates)", "bytes_before": "\(report.inputBytes)",
                "bytes_after": "\(report.outputBytes)", "milliseconds": "\(milliseconds)",
            ])
        return true
    }

    private func sweep(now: Int64) {
        guard !isStopping.load(ordering: .relaxed) else { return }
        do {
            let report = try store.sweepRetention(now: now, isCancelled: { self.isStopping.load(ordering: .relaxed) })
            guard !report.isEmpty else { return }
            counters.removedBlocks.add(report.removedBlocks.count)
            counters.writtenRollups.add(report.writtenRollups.count)
            counters.removedRollups.add(report.removedRollups.count)
            logger.info(
                "let go of what is past its retention",
                metadata: [
                    "removed": "\(report.removedBlocks)", "rewritten": "\(report.rewrittenBlocks)",
                    "rollups": "\(report.writtenRollups)", "removed_rollups": "\(report.removedRollups)",
                ])
        } catch is CancellationError {
        } catch {
            counters.failures.add()
            logger.error("retention could not be applied; it is tried again later", metadata: ["error": "\(error)"])
        }
    }

    /// After the samples: a full disk may have no room for what this writes before they have gone.
    private func expireExemplars(now: Int64) {
        guard !isStopping.load(ordering: .relaxed) else { return }
        do {
            try store.expireExemplars(now: now, isCancelled: { self.isStopping.load(ordering: .relaxed) })
        } catch {
            counters.failures.add()
            logger.error("exemplars could not be expired; it is tried again later", metadata: ["error": "\(error)"])
        }
    }
}
