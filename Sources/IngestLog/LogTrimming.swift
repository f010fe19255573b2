import GRDB
import TelemetryModel

/// Deleting old batches, a slice a transaction, so that commits go on in between.
struct LogTrimming {
    /// Payload bytes and rows of one slice: about a millisecond of work.
    static let sliceBytes = 4 << 20
    static let sliceRows = 1024
    /// Pages given back to the file system in one transaction.
    static let slicePages = 2048

    let writer: DatabaseQueue

    /// Deletes the batches through `offset`, oldest first; returns how many. Stopped by an error or a kill, it leaves the
    /// rest in place.
    func delete(through offset: Int64) throws -> Int {
        var deleted = 0
        while true {
            let rows = try writer.write { db in try LogTrimming.deleteSlice(db, through: offset) }
            guard rows > 0 else { return deleted }
            deleted += rows
        }
    }

    private static func deleteSlice(_ db: Database, through offset: Int64) throws -> Int {
        // The length of a blob is in the row's header: its pages are not read for it.
        let rows = try Row.fetchCursor(
            db, sql: "SELECT offset, length(payload) FROM batch WHERE offset <= ? ORDER BY offset LIMIT ?",
            arguments: [offset, sliceRows])
        var last: Int64?
        var bytes = 0
        while bytes < sliceBytes, let row = try rows.next() {
            last = try row.decode(atIndex: 0)
            bytes += try row.decode(Int.self, atIndex: 1)
        }
        guard let last else { return 0 }
        try remember(db, last)
        try db.execute(sql: "DELETE FROM batch WHERE offset <= ?", arguments: [last])
        return db.changesCount
    }

    /// What the rows through `last` said, for when there are none: where offsets go on, and how many records there were.
    private static func remember(_ db: Database, _ last: Int64) throws {
        // Before `trimmed` says that there are no such rows.
        let totals = try LogTotals(db: db).through(last)
        try db.execute(
            sql: """
                INSERT INTO position VALUES ('end', ?1), ('trimmed', ?1)
                ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)
                """, arguments: [last])
        for ingestProtocol in IngestProtocol.allCases where totals[ingestProtocol] > 0 {
            try db.execute(
                sql: "INSERT OR REPLACE INTO trimmed_total VALUES (?, ?)",
                arguments: [ingestProtocol.rawValue, totals[ingestProtocol]])
        }
    }

    /// Gives free pages back to the file system if they are most of the file. Below that they are left for the next
    /// batches: giving them back would move the pages behind them, which means writing those once more.
    func shrink() throws {
        while true {
            let isDone = try writer.write { db in
                let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
                let all = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                let isEmpty = try Int.fetchOne(db, sql: "SELECT 1 FROM batch LIMIT 1") == nil
                guard free > 0, isEmpty || free > 2 * (all - free) + LogTrimming.slicePages else { return true }
                try db.execute(sql: "PRAGMA incremental_vacuum(\(LogTrimming.slicePages))")
                let left = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
                return left == 0 || left >= free
            }
            if isDone { return }
        }
    }
}
