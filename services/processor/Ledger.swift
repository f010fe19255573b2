package import IngestLog
import Synchronization
package import TelemetryModel

/// What became of every record that was accepted, per protocol and source. Thread-safe.
///
/// The processor counts here as it applies batches; received and dead-lettered records are counted by the log's own
/// commits. That the two agree (`LedgerSnapshot.isBalanced`) is the proof that nothing went missing between them.
package final class Ledger: Sendable {
    struct Key: Hashable {
        let ingestProtocol: IngestProtocol
        let sourceID: String
    }

    private struct State {
        /// Counts by slot, and whose they are.
        var counts: [LedgerCounts] = []
        var keys: [Key] = []
        var slots: [Key: Int] = [:]
        /// Batches through this offset are counted.
        var offset: Int64
        /// Records on disk in batches after `offset`.
        var pending: Int

        mutating func slot(for key: Key) -> Int {
            if let known = slots[key] { return known }
            keys.append(key)
            counts.append(LedgerCounts())
            slots[key] = keys.count - 1
            return keys.count - 1
        }
    }

    private let state: Mutex<State>

    /// - Parameter pending: records in the log after the checkpoint's offset.
    init(_ checkpoint: LedgerCheckpoint, pending: Int) {
        var initial = State(offset: checkpoint.offset, pending: pending)
        for entry in checkpoint.entries {
            let slot = initial.slot(for: Key(ingestProtocol: entry.ingestProtocol, sourceID: entry.sourceID))
            initial.counts[slot] = entry.counts
        }
        state = Mutex(initial)
    }

    var offset: Int64 { state.withLock { $0.offset } }
    package var pending: Int { state.withLock { $0.pending } }

    func committed(records: Int) { state.withLock { $0.pending += records } }

    /// Where a key is counted, for `applied`; the same for the life of this object.
    func slot(for key: Key) -> Int { state.withLock { $0.slot(for: key) } }

    /// Counts a batch once: one that is counted already, because it is replayed, changes nothing.
    ///
    /// - Returns: whether it was counted now.
    @discardableResult
    func applied(offset: Int64, records: Int, _ counts: [(slot: Int, counts: LedgerCounts)]) -> Bool {
        state.withLock { state in
            guard offset > state.offset else { return false }
            state.offset = offset
            state.pending -= records
            for (slot, added) in counts { state.counts[slot] += added }
            return true
        }
    }

    func checkpoint() -> LedgerCheckpoint {
        state.withLock { state in
            LedgerCheckpoint(
                offset: state.offset,
                entries: zip(state.keys, state.counts).filter { $0.1.accepted > 0 }.map { key, counts in
                    LedgerEntry(ingestProtocol: key.ingestProtocol, sourceID: key.sourceID, counts: counts)
                })
        }
    }

    /// The ledger as of one moment.
    package func snapshot(of log: IngestLog) -> LedgerSnapshot {
        log.readTotals { received, deadLettered in
            state.withLock { state in
                var accounts: [LedgerSnapshot.Account.ID: LedgerSnapshot.Account] = [:]
                for (key, counts) in zip(state.keys, state.counts) where counts.accepted > 0 {
                    let id = LedgerSnapshot.Account.ID(ingestProtocol: key.ingestProtocol, sourceID: key.sourceID)
                    accounts[id, default: .init(id: id)].counts += counts
                }
                for (key, letters) in deadLettered {
                    let id = LedgerSnapshot.Account.ID(ingestProtocol: key.ingestProtocol, sourceID: key.sourceID)
                    accounts[id, default: .init(id: id)].letters += letters
                    if !key.wasAccepted { accounts[id, default: .init(id: id)].rejected += letters.records }
                }
                return LedgerSnapshot(
                    received: received, accounts: accounts.values.sorted { $0.id < $1.id }, pending: state.pending)
            }
        }
    }
}

/// `received = stored + duplicate + dropped + dead-lettered + pending`, as of one moment.
package struct LedgerSnapshot: Sendable {
    /// One source's part, by protocol. Records of a source that are still pending are in the total only.
    package struct Account: Sendable {
        package struct ID: Hashable, Sendable, Comparable {
            package let ingestProtocol: IngestProtocol
            /// Empty for rejected records without a readable source.
            package let sourceID: String

            package static func < (a: ID, b: ID) -> Bool {
                (a.ingestProtocol.rawValue, a.sourceID) < (b.ingestProtocol.rawValue, b.sourceID)
            }
        }

        package let id: ID
        package var counts = LedgerCounts()
        /// Refused before they were accepted.
        package var rejected = 0
        /// All that were kept, and what became of them since. A replayed one was received once more. Those that the pipeline
        /// refused are here a moment later than in `counts`: they are written behind it.
        package var letters = DeadLetterCounts()
        package var deadLettered: Int { rejected + counts.refused }
        package var received: Int { counts.accepted + rejected }
    }

    /// As counted by the commits.
    package let received: [IngestProtocol: Int]
    package let accounts: [Account]
    /// Records on disk that are not processed yet.
    package let pending: Int

    package var receivedTotal: Int { received.values.reduce(0, +) }

    package var totals: (stored: Int, duplicate: Int, dropped: Int, deadLettered: Int) {
        accounts.reduce(into: (0, 0, 0, 0)) { sum, account in
            sum.0 += account.counts.stored
            sum.1 += account.counts.duplicate
            sum.2 += account.counts.dropped
            sum.3 += account.deadLettered
        }
    }

    /// `dead-lettered = waiting + replayed + discarded + expired`.
    package var letters: DeadLetterCounts { accounts.reduce(into: DeadLetterCounts()) { $0 += $1.letters } }

    package var isBalanced: Bool {
        let totals = totals
        return receivedTotal == totals.stored + totals.duplicate + totals.dropped + totals.deadLettered + pending
    }
}
