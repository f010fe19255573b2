import GRDB
import Synchronization
package import TelemetryModel

/// How far the ledger has been written down, and trimming behind it.
extension IngestLog {
    /// The ledger as of its offset; `nil` offset 0 and no entries in a new folder.
    package func ledgerCheckpoint() throws -> LedgerCheckpoint {
        try reader.read { db in
            let offset =
                try Int64.fetchOne(db, sql: "SELECT value FROM position WHERE name = 'ledger'") ?? 0
            let rows = try Row.fetchAll(
                db, sql: "SELECT protocol, source_id, received, stored, duplicate, dropped, refused FROM ledger")
            let entries = try rows.map { row in
                try LedgerEntry(
                    ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 0)), sourceID: row.decode(atIndex: 1),
                    counts: LedgerCounts(
                        accepted: row.decode(atIndex: 2), stored: row.decode(atIndex: 3),
                        duplicate: row.decode(atIndex: 4), dropped: row.decode(atIndex: 5),
                        refused: row.decode(atIndex: 6)))
            }
            return LedgerCheckpoint(offset: offset, entries: entries)
        }
    }

    /// Writes the ledger down, in one transaction. Must be done before the blocks that hold its samples get their names:
    /// what is in a block is not classified again when the log is replayed.
    package func write(_ checkpoint: LedgerCheckpoint) throws {
        try writer.write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO ledger(protocol, source_id, received, stored, duplicate, dropped, refused)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """)
            for entry in checkpoint.entries {
                try statement.execute(arguments: [
                    entry.ingestProtocol.rawValue, entry.sourceID, entry.counts.accepted, entry.counts.stored,
                    entry.counts.duplicate, entry.counts.dropped, entry.counts.refused,
                ])
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO position VALUES ('ledger', ?)", arguments: [checkpoint.offset])
        }
    }

    /// Makes the next offset greater than `offset`; to be called before the first `append`. A log that was restored from a
    /// backup, or begun anew beside older blocks, would otherwise hand out offsets that blocks already claim to hold, and
    /// replay would pass its batches over.
    package func continueAfter(_ offset: Int64) throws {
        guard offset > durableOffset else { return }
        try writer.write { db in
            try db.execute(
                sql: """
                    INSERT INTO position VALUES ('end', ?)
                    ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)
                    """, arguments: [offset])
        }
        progress.withLock { $0.durableOffset = max($0.durableOffset, offset) }
    }

    /// Deletes the batches through `offset`; returns how many. They must be in blocks, and the ledger's checkpoint must
    /// cover them. Works in slices between which commits go on; then gives the file's free space back if it is most of it.
    /// What a receiver of forwarded records has not got yet stays, within its bound.
    @discardableResult
    package func trim(through wanted: Int64) throws -> Int {
        let offset = try offsetToTrim(through: wanted)
        let trimming = LogTrimming(writer: writer)
        let deleted = try trimming.delete(through: offset)
        if deleted > 0 { try writer.write { db in try PipelineVersions(db: db).forget(before: offset + 1) } }
        if deleted > 0 { try trimming.shrink() }
        return deleted
    }
}

/// What became of accepted records; `accepted = stored + duplicate + dropped + refused` once they are processed.
package struct LedgerCounts: Sendable, Equatable {
    package var accepted: Int
    package var stored: Int
    package var duplicate: Int
    package var dropped: Int
    /// By the pipeline, and kept as dead letters.
    package var refused: Int

    package init(accepted: Int = 0, stored: Int = 0, duplicate: Int = 0, dropped: Int = 0, refused: Int = 0) {
        self.accepted = accepted
        self.stored = stored
        self.duplicate = duplicate
        self.dropped = dropped
        self.refused = refused
    }

    package static func += (a: inout LedgerCounts, b: LedgerCounts) {
        a.accepted += b.accepted
        a.stored += b.stored
        a.duplicate += b.duplicate
        a.dropped += b.dropped
        a.refused += b.refused
    }
}

package struct LedgerEntry: Sendable, Equatable {
    package let ingestProtocol: IngestProtocol
    package let sourceID: String
    package let counts: LedgerCounts

    package init(ingestProtocol: IngestProtocol, sourceID: String, counts: LedgerCounts) {
        self.ingestProtocol = ingestProtocol
        self.sourceID = sourceID
        self.counts = counts
    }
}

package struct LedgerCheckpoint: Sendable {
    /// All batches through this offset are counted in `entries`, none after.
    package let offset: Int64
    package let entries: [LedgerEntry]

    package init(offset: Int64, entries: [LedgerEntry]) {
        self.offset = offset
        self.entries = entries
    }
}
