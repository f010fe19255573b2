import GRDB

/// How far one receiver has what the log holds.
package struct ForwardPosition: Sendable, Equatable {
    /// All batches through this offset are done with.
    package var offset: Int64
    /// Records of the next batch that are done with.
    package var records = 0
    /// Samples that the receiver took.
    package var sent = 0
    /// Samples that it refused for good.
    package var failed = 0
    /// Records that it will never get: they were trimmed, or damaged.
    package var missed = 0

    package init(offset: Int64) { self.offset = offset }
}

/// Table `forward` within one transaction.
struct ForwardTable {
    let db: Database

    static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE forward(
                    receiver TEXT PRIMARY KEY,
                    offset INTEGER NOT NULL,
                    records INTEGER NOT NULL,
                    sent INTEGER NOT NULL,
                    failed INTEGER NOT NULL,
                    missed INTEGER NOT NULL,
                    accepted INTEGER NOT NULL) WITHOUT ROWID;
                """)
    }

    /// The position as it was written down; what was trimmed behind it since then, while nothing held it, is missed.
    func read(_ receiver: String) throws -> ForwardPosition? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT offset, records, sent, failed, missed, accepted FROM forward WHERE receiver = ?",
                arguments: [receiver])
        else { return nil }
        var position = ForwardPosition(offset: try row.decode(atIndex: 0))
        position.records = try row.decode(atIndex: 1)
        position.sent = try row.decode(atIndex: 2)
        position.failed = try row.decode(atIndex: 3)
        position.missed = try row.decode(atIndex: 4)
        let totals = LogTotals(db: db)
        let trimmed = try totals.trimmedOffset()
        if trimmed > position.offset {
            position.missed += max(0, try totals.trimmed().sum - row.decode(Int.self, atIndex: 5) - position.records)
            position.offset = trimmed
            position.records = 0
        }
        return position
    }

    func write(_ position: ForwardPosition, of receiver: String) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO forward VALUES (?, ?, ?, ?, ?, ?, ?)").execute(arguments: [
            receiver, position.offset, position.records, position.sent, position.failed, position.missed,
            LogTotals(db: db).through(position.offset).sum,
        ])
    }

    func forget(except receivers: [String]) throws -> [String] {
        let known = try String.fetchAll(db, sql: "SELECT receiver FROM forward ORDER BY receiver")
        let gone = known.filter { !receivers.contains($0) }
        for receiver in gone {
            try db.execute(sql: "DELETE FROM forward WHERE receiver = ?", arguments: [receiver])
        }
        return gone
    }

    /// The first offset from `offset` on behind which at most `bytes` of payloads lie, through `end`.
    func start(after offset: Int64, through end: Int64, bytes: Int) throws -> Int64 {
        // The length of a blob is in the row's header: its pages are not read for it.
        let rows = try Row.fetchCursor(
            db, sql: "SELECT offset, length(payload) FROM batch WHERE offset > ? AND offset <= ? ORDER BY offset DESC",
            arguments: [offset, end])
        var sum = 0
        while let row = try rows.next() {
            sum += try row.decode(Int.self, atIndex: 1)
            if sum > bytes { return try row.decode(atIndex: 0) }
        }
        return offset
    }
}
