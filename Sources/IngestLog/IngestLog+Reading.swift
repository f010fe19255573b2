import GRDB
import Synchronization
package import TelemetryModel

/// What the processor and the API read from the log. All calls block on SQLite.
extension IngestLog {
    /// The batches with an offset in `after + 1 ... through`, at most `limit`, ascending. For many, `replay` is faster.
    ///
    /// - Throws: `DamagedBatches` at the first that cannot be read.
    package func batches(after: Int64, through: Int64, limit: Int) throws -> [CommittedBatch] {
        let (end, accepted) = progress.withLock { ($0.durableOffset, $0.accepted) }
        let last = min(through, end)
        // Without a transaction: SQLite may refuse to end one that met a malformed page.
        let totals =
            last < end ? try reader.unsafeRead { db in try LogTotals(db: db).ifKnown(through: last) } : accepted
        var rows = try BatchReader(reader, after: after, through: last, endTotals: totals)
        var batches: [CommittedBatch] = []
        while batches.count < limit {
            let entries = try rows.next(maximumRecords: 1)
            if entries.isEmpty { break }
            for entry in entries {
                switch entry {
                case .batch(let batch): batches.append(batch)
                case .damaged(let damage): throw damage
                }
            }
        }
        return batches
    }

    /// The oldest offset still in the log, or nil if it is empty. The first that is not trimmed, if damage hides it.
    package func oldestOffset() throws -> Int64? {
        try reader.unsafeRead { db in
            do {
                return try Int64.fetchOne(db, sql: "SELECT min(offset) FROM batch")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                return try LogTotals(db: db).trimmedOffset() + 1
            }
        }
    }

    /// Records accepted with an offset above `offset`. O(log n): a difference of running totals.
    package func recordCount(after offset: Int64) throws -> Int {
        let accepted = progress.withLock { $0.accepted }
        return try reader.read { db in (accepted - (try LogTotals(db: db).through(offset))).sum }
    }

    /// Records ever received (accepted and rejected), and those among them that became dead letters, as the commits themselves
    /// counted them. A replayed one was received twice: when it was refused, and when it was replayed. `body` runs
    /// while no commit can become known, so that what it reads of the receiver's state belongs to the same moment.
    package func readTotals<Result>(
        _ body: (_ received: [IngestProtocol: Int], _ deadLettered: [DeadLetterKey: DeadLetterCounts]) throws -> Result
    ) rethrows -> Result {
        try progress.withLock { try body($0.received, $0.deadLettered) }
    }

    /// Bytes that wait for a commit.
    package var pendingBytes: Int { inbox.withLock { $0.bytes } }
}
