import Synchronization
package import TelemetryModel

/// One request's outcome of decoding, to be committed as a whole.
package struct LogSubmission: Sendable {
    package let batch: TelemetryBatch
    package let rejected: [RejectedRecord]
    package let ingestProtocol: IngestProtocol
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let receivedAt: Int64
    /// How far somebody has come with these records, by name; on disk together with them.
    package let positions: [String: Int64]
    /// What series of differences have come to with this batch.
    package let deltaTotals: [DeltaTotal]
    /// The dead letter that this is a replay of, and what becomes of it.
    package let settlement: DeadLetterSettlement?

    package init(
        batch: TelemetryBatch, rejected: [RejectedRecord], ingestProtocol: IngestProtocol, receivedAt: Int64,
        settlement: DeadLetterSettlement? = nil, positions: [String: Int64] = [:], deltaTotals: [DeltaTotal] = []
    ) {
        self.batch = batch
        self.rejected = rejected
        self.ingestProtocol = ingestProtocol
        self.receivedAt = receivedAt
        self.positions = positions
        self.deltaTotals = deltaTotals
        self.settlement = settlement
    }

    package var recordCount: Int { batch.count + rejected.count }
    /// Nothing of it is worth a place in the log.
    package var isEmpty: Bool { batch.isEmpty && rejected.isEmpty }
}

/// A batch that is on disk.
package struct CommittedBatch: Sendable {
    /// Position in the log: ascending, from 1, without gaps.
    package let offset: Int64
    package let ingestProtocol: IngestProtocol
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let receivedAt: Int64
    package let batch: TelemetryBatch
}

package struct LogLimits: Sendable {
    /// How many bytes may wait for a commit before new requests are refused.
    package var maximumPendingBytes = 256 << 20
    /// How many records one transaction takes at the most, so that no request waits behind an endless commit.
    package var maximumGroupRecords = 200_000
    /// Payload bytes of dead letters kept; replayed ones go first, then the oldest.
    package var maximumDeadLetterBytes = 1 << 30
    /// SQLite's own bound on the file, in pages of 4 KiB; nil for none.
    package var maximumPages: Int?

    package init() {}
}

/// Why records were not taken. None of them is on disk then.
package enum LogAppendError: Error, Equatable {
    /// More waits than may: try again in a moment.
    case behind
    /// The disk, or SQLite's bound on the file, is full.
    case storageFull
    /// SQLite could not write; its own words.
    case writeFailed(String)
    /// The log is shutting down.
    case closed
    /// The dead letter that was to be replayed was edited, replayed or deleted meanwhile.
    case letterChanged
}

/// What the log did since the process began. Lock-free.
package final class LogCounters: Sendable {
    private let commitCount = Atomic<Int>(0)
    private let committedBytes = Atomic<Int>(0)
    private let failedCommitCount = Atomic<Int>(0)

    init() {}

    package var commits: Int { commitCount.load(ordering: .relaxed) }
    package var payloadBytes: Int { committedBytes.load(ordering: .relaxed) }
    package var failedCommits: Int { failedCommitCount.load(ordering: .relaxed) }

    func committed(bytes: Int) {
        commitCount.wrappingAdd(1, ordering: .relaxed)
        committedBytes.wrappingAdd(bytes, ordering: .relaxed)
    }

    func failed() { failedCommitCount.wrappingAdd(1, ordering: .relaxed) }
}
