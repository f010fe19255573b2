import Dispatch
import Foundation
import GRDB
import Synchronization
package import TelemetryModel

/// The durable log: what was accepted, in order, on disk before it is acknowledged.
///
/// Requests hand in their batch with `append`; one thread of the log's own commits all that wait in a single transaction, so
/// that they share an fsync (group commit). What `append` returned for survives a process kill and a power loss.
/// Thread-safe.
package final class IngestLog: Sendable {
    struct Waiting: Sendable {
        let submission: LogSubmission
        let payload: [UInt8]
        /// Bytes that this request holds in memory, about.
        let cost: Int
        let done: @Sendable (Result<Int64, LogAppendError>) -> Void
    }

    struct Inbox {
        var waiting: [Waiting] = []
        var bytes = 0
        var isClosed = false
    }

    struct Progress {
        /// Offset of the newest batch on disk; 0 if there never was one.
        var durableOffset: Int64 = 0
        /// Records accepted since the data folder began, as counted in the commits themselves.
        var accepted = RunningTotals()
        var deadLettered: [DeadLetterKey: DeadLetterCounts] = [:]
        var deadLetterBytes = 0

        /// Accepted and rejected.
        var received: [IngestProtocol: Int] {
            var received: [IngestProtocol: Int] = [:]
            for ingestProtocol in IngestProtocol.allCases where accepted[ingestProtocol] > 0 {
                received[ingestProtocol] = accepted[ingestProtocol]
            }
            for (key, counts) in deadLettered where !key.wasAccepted {
                received[key.ingestProtocol, default: 0] += counts.records
            }
            return received
        }

        mutating func count(_ change: DeadLetterTable.Change) {
            for (key, counts) in change.counts { deadLettered[key, default: DeadLetterCounts()] += counts }
            deadLetterBytes += change.bytes
        }
    }

    package let registry: SeriesRegistry
    /// What is on disk of what senders say of metrics.
    package let metadata: MetadataRegistry
    package let limits: LogLimits
    package let counters = LogCounters()
    /// What was found damaged when the files were opened, as sentences: acknowledged requests are missing.
    package let damages: [String]

    let writer: DatabaseQueue
    let reader: DatabaseQueue
    let inbox = Mutex(Inbox())
    let work = DispatchSemaphore(value: 0)
    let progress: Mutex<Progress>
    let forwards = Mutex(ForwardHolds())
    let commitReceiver = Mutex<CommitReceiver?>(nil)
    private let finished = DispatchSemaphore(value: 0)

    /// A function that stands in a `Mutex` alone is wrapped once more by each reading, until its calls overrun the stack.
    struct CommitReceiver: Sendable {
        let receive: @Sendable ([CommittedBatch]) -> Void
    }

    /// Opens or creates `log.sqlite` in `folder` and restores the registry from it.
    package init(folder: String, registry: SeriesRegistry, limits: LogLimits = LogLimits()) throws {
        self.registry = registry
        self.limits = limits
        let metadata = MetadataRegistry(limits: limits.metadata)
        self.metadata = metadata
        damages = try WALDamage.findAndKeepCopy(in: folder).map { ["\($0)"] } ?? []
        do {
            writer = try LogDatabase.open(in: folder, maximumPages: limits.maximumPages)
            reader = try LogDatabase.openReader(in: folder)
            progress = Mutex(try writer.read { db in try LogRecovery.restore(from: db, into: registry) })
            try writer.read { db in try MetadataTable(db: db).restore(into: metadata) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            throw LogOpenError.malformed(error.message ?? "a page is malformed")
        }
        // Counted before anybody can add a series that is not on disk.
        let persistedSeries = registry.count
        let thread = Thread { [self] in
            var committer = LogCommitter(log: self, persistedSeries: persistedSeries)
            committer.run()
            finished.signal()
        }
        thread.name = "heliograph.log"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Who gets each group of batches right after its commit, in order of offset. Set once, before the first `append`. It is
    /// called under the lock of the totals, so it must be short and must not call back into the log.
    package func deliverCommits(to receiver: @escaping @Sendable ([CommittedBatch]) -> Void) {
        commitReceiver.withLock { $0 = CommitReceiver(receive: receiver) }
    }

    package var durableOffset: Int64 { progress.withLock { $0.durableOffset } }

    /// Puts a request's records in line. `done` is called exactly once, on the log's thread: with the offset when they are on
    /// disk, or with the reason why they are not. A replay whose letter is another one by then fails alone, as `.letterChanged`.
    ///
    /// - Throws: `.behind` when as many bytes wait as may; nothing was taken then.
    package func append(
        _ submission: LogSubmission, done: @escaping @Sendable (Result<Int64, LogAppendError>) -> Void
    ) throws(LogAppendError) {
        let payload: [UInt8] = submission.batch.isEmpty ? [] : BatchPayload.encode(submission.batch)
        let cost =
            payload.count + submission.rejected.reduce(256) { $0 + $1.payload.count + 256 }
            + (submission.settlement?.edited?.count ?? 0)
            + submission.metadata.reduce(0) { $0 + $1.family.utf8.count + $1.metadata.help.utf8.count + 64 }
        let refusal: LogAppendError? = inbox.withLock { inbox in
            if inbox.isClosed { return .closed }
            // A request larger than the whole bound is still taken when nothing else waits.
            if inbox.bytes > 0, inbox.bytes + cost > limits.maximumPendingBytes { return .behind }
            inbox.bytes += cost
            inbox.waiting.append(Waiting(submission: submission, payload: payload, cost: cost, done: done))
            return nil
        }
        if let refusal { throw refusal }
        work.signal()
    }

    package func append(_ submission: LogSubmission) async throws(LogAppendError) -> Int64 {
        let result: Result<Int64, LogAppendError> = await withCheckedContinuation { continuation in
            do throws(LogAppendError) {
                try append(submission) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Commits what waits, refuses what comes later, and returns when the thread has ended. Reading goes on.
    package func stopAccepting() {
        let wasClosed = inbox.withLock { inbox in
            defer { inbox.isClosed = true }
            return inbox.isClosed
        }
        guard !wasClosed else { return }
        work.signal()
        finished.wait()
    }

    /// Closes the file. Leaves one plain file behind: the last connection that closes folds the WAL in and removes it.
    package func close() throws {
        stopAccepting()
        try reader.close()
        try writer.close()
    }
}
