import Dispatch
import GRDB
import Synchronization
import TelemetryModel

/// The log's thread: takes what waits, commits it as one transaction, answers, and starts over.
struct LogCommitter {
    let log: IngestLog
    /// Series with a reference below this are on disk.
    var persistedSeries: Int

    mutating func run() {
        while true {
            log.work.wait()
            let (group, isClosed) = takeGroup()
            if group.isEmpty {
                if isClosed { return }
                continue
            }
            commit(group)
        }
    }

    /// At most `maximumGroupRecords` (but at least one request), oldest first.
    private func takeGroup() -> (group: [IngestLog.Waiting], isClosed: Bool) {
        log.inbox.withLock { inbox in
            var records = 0
            var taken = 0
            while taken < inbox.waiting.count, taken == 0 || records < log.limits.maximumGroupRecords {
                records += inbox.waiting[taken].submission.recordCount
                taken += 1
            }
            let group = Array(inbox.waiting.prefix(taken))
            inbox.waiting.removeFirst(taken)
            inbox.bytes -= group.reduce(0) { $0 + $1.cost }
            if !inbox.waiting.isEmpty { log.work.signal() }
            return (group, inbox.isClosed && group.isEmpty)
        }
    }

    private mutating func commit(_ group: [IngestLog.Waiting]) {
        let newSeries = log.registry.labels(from: persistedSeries)
        let outcome: LogTransaction.Outcome
        do {
            outcome = try log.writer.write { db in
                let (end, accepted) = log.progress.withLock { ($0.durableOffset, $0.accepted) }
                return try LogTransaction(db: db).write(
                    group, newSeries: newSeries, firstReference: persistedSeries, end: end, accepted: accepted)
            }
        } catch {
            log.counters.failed()
            if (error as? DatabaseError)?.resultCode == .SQLITE_IOERR { writeOverRefusedFrames() }
            let reason = LogCommitter.reason(for: error)
            for waiting in group { waiting.done(.failure(reason)) }
            return
        }
        persistedSeries += newSeries.count
        log.counters.committed(bytes: group.reduce(0) { $0 + $1.payload.count })
        publish(group, outcome)
        for (waiting, offset) in zip(group, outcome.offsets) { waiting.done(.success(offset)) }
        expireDeadLetters()
    }

    /// A commit whose sync failed has left whole frames in the WAL, the mark of its end included: after a kill SQLite would
    /// take them for committed (https://sqlite.org/walformat.html#recovery), although the client was told otherwise. The next
    /// commit writes over them, so one is made before the answer. If it fails too, the request stays in doubt until one succeeds.
    private func writeOverRefusedFrames() {
        try? log.writer.write { db in
            try db.execute(
                sql: "INSERT INTO position VALUES ('refusal', 1) ON CONFLICT DO UPDATE SET value = value + 1")
        }
    }

    /// Makes the commit known to readers before anybody is answered, so that an answer never runs ahead of the ledger. The
    /// receiver is called under the same lock as the totals change, so that both can be read as of one moment.
    private func publish(_ group: [IngestLog.Waiting], _ outcome: LogTransaction.Outcome) {
        let committed = zip(group, outcome.offsets).compactMap { waiting, offset -> CommittedBatch? in
            let submission = waiting.submission
            guard !submission.batch.isEmpty else { return nil }
            return CommittedBatch(
                offset: offset, ingestProtocol: submission.ingestProtocol, receivedAt: submission.receivedAt,
                batch: submission.batch)
        }
        let receiver = log.onCommit.withLock { $0 }
        log.progress.withLock { progress in
            progress.durableOffset = max(progress.durableOffset, outcome.offsets.last ?? 0)
            progress.accepted = outcome.accepted
            for waiting in group { progress.countRejected(in: waiting.submission) }
            if !committed.isEmpty { receiver?(committed) }
        }
    }

    private func expireDeadLetters() {
        let excess = log.progress.withLock { $0.deadLetterBytes } - log.limits.maximumDeadLetterBytes
        guard excess > 0 else { return }
        // A failure here loses nothing; the next commit tries again.
        guard
            let freed = try? log.writer.write({ db in
                try LogTransaction(db: db).expireDeadLetters(bytes: excess + log.limits.maximumDeadLetterBytes / 10)
            })
        else { return }
        log.counters.expired(freed.records)
        log.progress.withLock { $0.deadLetterBytes -= freed.bytes }
    }

    private static func reason(for error: any Error) -> LogAppendError {
        guard let error = error as? DatabaseError else { return .writeFailed("\(error)") }
        // SQLITE_FULL is a full disk (https://sqlite.org/rescode.html#full); a write that the disk cut short is reported as
        // an I/O error instead when it happens in the WAL.
        if error.resultCode == .SQLITE_FULL { return .storageFull }
        return .writeFailed(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
    }
}
