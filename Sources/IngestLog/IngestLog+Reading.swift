import Foundation
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

    /// Records ever received (accepted and rejected) and dead-lettered, as the commits themselves counted them. `body` runs
    /// while no commit can become known, so that what it reads of the receiver's state belongs to the same moment.
    package func readTotals<Result>(
        _ body: (_ received: [IngestProtocol: Int], _ deadLettered: [DeadLetterKey: Int]) throws -> Result
    ) rethrows -> Result {
        try progress.withLock { try body($0.received, $0.deadLettered) }
    }

    /// Bytes that wait for a commit.
    package var pendingBytes: Int { inbox.withLock { $0.bytes } }

    package func deadLetters(_ selection: DeadLetterSelection) throws -> [DeadLetter] {
        try reader.read { db in
            var conditions = ["received_at_ms BETWEEN ? AND ?"]
            var arguments: StatementArguments = [selection.from, selection.through]
            if let reason = selection.reason {
                conditions.append("reason = ?")
                arguments += [reason]
            }
            if let sourceID = selection.sourceID {
                conditions.append("source_id = ?")
                arguments += [sourceID]
            }
            if let before = selection.beforeID {
                conditions.append("id < ?")
                arguments += [before]
            }
            arguments += [selection.limit]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, received_at_ms, protocol, source_id, reason, field, message, record_index, payload
                    FROM dead_letter WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?
                    """, arguments: arguments)
            return try rows.map { row in
                let payload: Data = try row.decode(atIndex: 8)
                return try DeadLetter(
                    id: row.decode(atIndex: 0), receivedAt: row.decode(atIndex: 1),
                    ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 2)), sourceID: row.decode(atIndex: 3),
                    reason: row.decode(atIndex: 4), field: row.decode(atIndex: 5), message: row.decode(atIndex: 6),
                    recordIndex: row.decode(atIndex: 7),
                    payload: [UInt8](payload))
            }
        }
    }
}

package struct DeadLetterSelection: Sendable {
    /// Time received, both ends inclusive, milliseconds since 1970-01-01T00:00:00Z.
    package var from: Int64 = .min
    package var through: Int64 = .max
    package var reason: String?
    package var sourceID: String?
    /// Only those with a smaller id: the next page.
    package var beforeID: Int64?
    package var limit = 100

    package init() {}
}

/// A record that was refused, as it is kept.
package struct DeadLetter: Sendable {
    package let id: Int64
    package let receivedAt: Int64
    package let ingestProtocol: IngestProtocol
    package let sourceID: String?
    package let reason: String
    package let field: String?
    package let message: String
    package let recordIndex: Int
    package let payload: [UInt8]
}
