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
                let submission = inbox.waiting[taken].submission
                records += submission.recordCount + submission.batch.exemplars.count
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
                    group, newSeries: newSeries, firstReference: persistedSeries, end: end, accepted: accepted,
                    metadata: log.metadata)
            }
        } catch {
            log.counters.failed()
            if (error as? DatabaseError)?.resultCode == .SQLITE_IOERR { log.writeOverRefusedFrames() }
            let reason = LogAppendError(error)
            for waiting in group { waiting.done(.failure(reason)) }
            return
        }
        persistedSeries += newSeries.count
        log.counters.committed(bytes: group.reduce(0) { $0 + $1.payload.count })
        log.metadata.apply(outcome.metadata)
        publish(group, outcome)
        for (waiting, offset) in zip(group, outcome.offsets) {
            waiting.done(offset.map { .success($0) } ?? .failure(.letterChanged))
        }
        expireDeadLetters()
    }

    /// Makes the commit known to readers before anybody is answered, so that an answer never runs ahead of the ledger. The
    /// receiver is called under the same lock as the totals change, so that both can be read as of one moment.
    private func publish(_ group: [IngestLog.Waiting], _ outcome: LogTransaction.Outcome) {
        let committed = zip(group, outcome.offsets).compactMap { waiting, offset -> CommittedBatch? in
            let submission = waiting.submission
            guard let offset, !submission.batch.isEmpty else { return nil }
            return CommittedBatch(
                offset: offset, ingestProtocol: submission.ingestProtocol, receivedAt: submission.receivedAt,
                batch: submission.batch)
        }
        let receiver = log.commitReceiver.withLock { $0 }
        log.progress.withLock { progress in
            progress.durableOffset = max(progress.durableOffset, outcome.end)
            progress.accepted = outcome.accepted
            progress.count(outcome.letters)
            if !committed.isEmpty { receiver?.receive(committed) }
        }
    }

    /// A failure here loses nothing; the next commit tries again.
    private func expireDeadLetters() {
        guard log.progress.withLock({ $0.deadLetterBytes }) > log.limits.maximumDeadLetterBytes else { return }
        try? log.expireDeadLettersForSpace()
    }
}
