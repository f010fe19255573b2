import Synchronization
import TelemetryModel
package import TimeSeriesStore

/// What a deletion removed, as it is kept.
package struct DeletionReceipt: Sendable, Equatable {
    package let id: Int64
    /// What was deleted, in PromQL's words.
    package let selector: String
    package let range: TimeRange
    package let samples: Int
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let createdAt: Int64
    /// When the last of it was gone from disk; nil while some block still has it in its file.
    package let doneAt: Int64?
}

/// Why nothing was deleted.
package enum DeletionError: Error, Equatable, CustomStringConvertible {
    /// Samples are on their way from memory into a block.
    case flushPending
    /// The processor has ended.
    case stopped

    package var description: String {
        switch self {
        case .flushPending: "samples are being written into a block, and that does not end; see the log, then try again"
        case .stopped: "the server is shutting down; nothing was deleted"
        }
    }
}

extension EmbeddedStore {
    /// Deletes the samples, exemplars and events of all series that satisfy every matcher, within the range, that have arrived by now.
    /// What arrives later stays. They are gone for every query that begins after this returns, and stay gone after a kill or a
    /// power loss; from the files they go at the next compaction.
    ///
    /// - Parameter betweenAppends: runs its argument where no append is under way, with the offset through which everything
    ///   is in the store.
    /// - Throws: `DeletionError`; `DatabaseError` if the delete could not be written down: nothing is deleted then.
    package func delete(
        _ matchers: [LabelMatcher], in range: TimeRange, now: Int64,
        betweenAppends: (@escaping @Sendable (_ applied: Int64) throws -> Void) throws -> Void
    ) throws -> DeletionReceipt {
        try flushTurn.withLock { _ in
            let outcome = DeletionOutcome()
            try betweenAppends { [self] applied in
                guard state.withLock({ $0.leaving == nil }) else { throw DeletionError.flushPending }
                let tombstone = try tombstones.add(matchers: matchers, range: range, offset: applied, now: now)
                let series = head.index.withLock { $0.series(matching: matchers) }
                let removed = head.remove(series, in: range)
                exemplars.delete(tombstone, labels: labels(of:))
                state.withLock { state in
                    state.tombstones.append(tombstone)
                    state.events.removeAll { tombstone.covers($0.labels, $0.timestamp) }
                }
                outcome.result.withLock { $0 = (tombstone, removed) }
            }
            guard let (tombstone, removed) = outcome.result.withLock({ $0 }) else { throw DeletionError.stopped }
            var samples = removed
            let blocks = state.withLock { $0.blocks + $0.rollups.values.flatMap { $0 } }
            for block in blocks {
                do {
                    samples += try block.delete([tombstone])[tombstone.id] ?? 0
                } catch let damage as BlockDamage {
                    // What can be read of it comes back without what is deleted.
                    try salvage(damage)
                }
            }
            try tombstones.addRemoved([tombstone.id: samples])
            return DeletionReceipt(
                id: tombstone.id, selector: tombstone.selector, range: range, samples: samples, createdAt: now,
                doneAt: nil)
        }
    }

    /// All deletes there ever were, oldest first.
    package func deletionReceipts() throws -> [DeletionReceipt] {
        try tombstones.receipts().map { receipt in
            DeletionReceipt(
                id: receipt.tombstone.id, selector: receipt.tombstone.selector, range: receipt.tombstone.range,
                samples: receipt.samplesRemoved, createdAt: receipt.tombstone.createdAt, doneAt: receipt.doneAt)
        }
    }
}

private final class DeletionOutcome: Sendable {
    let result = Mutex<(tombstone: Tombstone, samples: Int)?>(nil)
}

extension Tombstone {
    fileprivate var selector: String { "{\(matchers.map(\.description).joined(separator: ", "))}" }
}
