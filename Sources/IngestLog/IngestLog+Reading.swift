import Foundation
import GRDB
import Synchronization
package import TelemetryModel

/// What the processor and the API read from the log. All calls block on SQLite.
extension IngestLog {
    /// The batches with an offset in `after + 1 ... through`, at most `limit`, ascending.
    ///
    /// - Throws: `DamagedBatch` if a payload is not what was written.
    package func batches(after: Int64, through: Int64, limit: Int) throws -> [CommittedBatch] {
        try reader.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT offset, received_at_ms, protocol, payload FROM batch
                    WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT ?
                    """, arguments: [after, through, limit])
            var batches: [CommittedBatch] = []
            while let row = try rows.next() {
                let offset: Int64 = try row.decode(atIndex: 0)
                let payload: Data = try row.decode(atIndex: 3)
                do {
                    batches.append(
                        try CommittedBatch(
                            offset: offset, ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 2)),
                            receivedAt: row.decode(atIndex: 1),
                            batch: BatchPayload.decode([UInt8](payload))))
                } catch let corruption as LogCorruption {
                    throw DamagedBatch(offset: offset, corruption: corruption)
                }
            }
            return batches
        }
    }

    /// The oldest offset still in the log, or nil if it is empty.
    package func oldestOffset() throws -> Int64? {
        try reader.read { db in try Int64.fetchOne(db, sql: "SELECT min(offset) FROM batch") }
    }

    package func recordCount(of offset: Int64) throws -> Int {
        try reader.read { db in
            try Int.fetchOne(db, sql: "SELECT records FROM batch WHERE offset = ?", arguments: [offset]) ?? 0
        }
    }

    /// Records accepted with an offset above `offset`.
    package func recordCount(after offset: Int64) throws -> Int {
        try reader.read { db in
            try Int.fetchOne(
                db, sql: "SELECT coalesce(sum(records), 0) FROM batch WHERE offset > ?", arguments: [offset]) ?? 0
        }
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

/// A batch in the log that cannot be read. Its offset says which; the others are unharmed.
package struct DamagedBatch: Error, CustomStringConvertible {
    package let offset: Int64
    package let corruption: LogCorruption

    package var description: String { "log.sqlite, batch \(offset): \(corruption)" }
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
