import Foundation
import GRDB
import TelemetryModel

/// Tables `dead_letter` and `dead_letter_total` within one transaction: what changes letters counts them.
struct DeadLetterTable {
    /// What a transaction changed, to be made known once it is committed.
    struct Change {
        var counts: [DeadLetterKey: DeadLetterCounts] = [:]
        /// Of what is kept.
        var bytes = 0
    }

    /// Letters that one transaction deletes: about ten milliseconds of work.
    static let sliceRows = 5000
    /// Bytes of a row that count towards `dead_letters.max_bytes`. Lengths are in the row's header: no payload is read.
    static let rowBytes = "length(payload) + length(CAST(parameters AS BLOB)) + coalesce(length(original), 0)"

    let db: Database
    var change = Change()

    init(db: Database) { self.db = db }

    /// Columns on top of those of the first version.
    static func addColumns(_ db: Database) throws {
        // Rows are left as they are: rewriting them would move all of the payloads.
        try db.execute(
            sql: """
                ALTER TABLE dead_letter ADD COLUMN parameters TEXT NOT NULL DEFAULT '';
                ALTER TABLE dead_letter ADD COLUMN first_reason TEXT;
                ALTER TABLE dead_letter ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN changed_at_ms INTEGER;
                ALTER TABLE dead_letter ADD COLUMN original BLOB;
                ALTER TABLE dead_letter ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
                CREATE INDEX dead_letter_by_state ON dead_letter(state, reason);
                ALTER TABLE dead_letter_total ADD COLUMN replayed INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter_total ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter_total ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
                CREATE TEMP TABLE kept AS
                    SELECT protocol, coalesce(source_id, '') AS source_id, reason, count(*) AS records
                    FROM dead_letter GROUP BY 1, 2, 3;
                UPDATE dead_letter_total SET expired = max(0, records - coalesce((
                    SELECT k.records FROM kept k WHERE k.protocol = dead_letter_total.protocol
                        AND k.source_id = dead_letter_total.source_id AND k.reason = dead_letter_total.reason), 0));
                DROP TABLE kept;
                """)
    }

    // MARK: Changes

    mutating func insert(_ record: RejectedRecord, receivedAt: Int64, by ingestProtocol: IngestProtocol) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO dead_letter(
                    received_at_ms, protocol, source_id, reason, field, message, record_index, payload, parameters)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            receivedAt, ingestProtocol.rawValue, record.sourceID, record.reason.rawValue, record.field, record.message,
            record.index, Data(record.payload), record.parameters,
        ])
        let key = DeadLetterKey(
            ingestProtocol: ingestProtocol, sourceID: record.sourceID ?? "", reason: record.reason.rawValue)
        count(key) { $0.records += 1 }
        change.bytes += record.payload.count + record.parameters.utf8.count
    }

    /// Whether the letter waits and is still what the settlement was made for.
    func isCurrent(_ settlement: DeadLetterSettlement) throws -> Bool {
        try Int.fetchOne(
            db, sql: "SELECT revision FROM dead_letter WHERE id = ? AND state = ?",
            arguments: [settlement.id, DeadLetter.State.waiting.rawValue]) == settlement.revision
    }

    mutating func settle(_ settlement: DeadLetterSettlement, at now: Int64) throws {
        if let edited = settlement.edited { try replacePayload(of: settlement.id, edited) }
        switch settlement.outcome {
        case .replayed:
            try db.execute(
                sql: """
                    UPDATE dead_letter SET state = ?, attempts = attempts + 1, changed_at_ms = ?, revision = revision + 1
                    WHERE id = ?
                    """, arguments: [DeadLetter.State.replayed.rawValue, now, settlement.id])
            if let key = try key(of: settlement.id) { count(key) { $0.replayed += 1 } }
        case .refused(let record):
            try db.execute(
                sql: """
                    UPDATE dead_letter SET first_reason = coalesce(first_reason, reason), reason = ?, field = ?,
                        message = ?, attempts = attempts + 1, changed_at_ms = ?, revision = revision + 1
                    WHERE id = ?
                    """,
                arguments: [record.reason.rawValue, record.field, record.message, now, settlement.id])
        }
    }

    /// - Returns: false if no such letter waits.
    mutating func edit(_ id: Int64, _ payload: [UInt8], at now: Int64) throws -> Bool {
        try db.execute(
            sql: "UPDATE dead_letter SET changed_at_ms = ?, revision = revision + 1 WHERE id = ? AND state = ?",
            arguments: [now, id, DeadLetter.State.waiting.rawValue])
        guard db.changesCount > 0 else { return false }
        try replacePayload(of: id, payload)
        return true
    }

    /// The first payload is kept beside the newest.
    private mutating func replacePayload(of id: Int64, _ payload: [UInt8]) throws {
        let before = try bytes(of: id)
        try db.execute(
            sql: "UPDATE dead_letter SET original = coalesce(original, payload), payload = ? WHERE id = ?",
            arguments: [Data(payload), id])
        change.bytes += try bytes(of: id) - before
    }

    /// Deletes letters by what `conditions` says, oldest first, at most `limit` of them and until at least `bytes` are gone.
    /// Those that waited are counted.
    ///
    /// - Returns: how many rows went.
    mutating func delete(
        where conditions: String, _ arguments: StatementArguments, limit: Int = sliceRows, bytes: Int = .max,
        counting fate: WritableKeyPath<DeadLetterCounts, Int>
    ) throws -> Int {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, state, protocol, source_id, coalesce(first_reason, reason), \(Self.rowBytes)
                FROM dead_letter WHERE \(conditions) ORDER BY id LIMIT \(limit)
                """, arguments: arguments)
        var ids: [Int64] = []
        var freed = 0
        while freed < bytes, let row = try rows.next() {
            ids.append(try row.decode(atIndex: 0))
            freed += try row.decode(Int.self, atIndex: 5)
            guard try row.decode(Int.self, atIndex: 1) == DeadLetter.State.waiting.rawValue else { continue }
            let key = try DeadLetterKey(
                ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 2)),
                sourceID: row.decode(String?.self, atIndex: 3) ?? "", reason: row.decode(atIndex: 4))
            count(key) { $0[keyPath: fate] += 1 }
        }
        let statement = try db.cachedStatement(sql: "DELETE FROM dead_letter WHERE id = ?")
        for id in ids { try statement.execute(arguments: [id]) }
        change.bytes -= freed
        return ids.count
    }

    /// Writes the counts down; to be done last.
    func writeCounts() throws {
        guard !change.counts.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO dead_letter_total(protocol, source_id, reason, records, replayed, discarded, expired)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET records = records + excluded.records, replayed = replayed + excluded.replayed,
                    discarded = discarded + excluded.discarded, expired = expired + excluded.expired
                """)
        for (key, added) in change.counts {
            try statement.execute(arguments: [
                key.ingestProtocol.rawValue, key.sourceID, key.reason, added.records, added.replayed, added.discarded,
                added.expired,
            ])
        }
    }

    private mutating func count(_ key: DeadLetterKey, _ add: (inout DeadLetterCounts) -> Void) {
        add(&change.counts[key, default: DeadLetterCounts()])
    }

    private func bytes(of id: Int64) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT \(Self.rowBytes) FROM dead_letter WHERE id = ?", arguments: [id]) ?? 0
    }

    private func key(of id: Int64) throws -> DeadLetterKey? {
        try Row.fetchOne(
            db,
            sql: "SELECT protocol, source_id, coalesce(first_reason, reason) FROM dead_letter WHERE id = ?",
            arguments: [id]
        ).map { row in
            try DeadLetterKey(
                ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 0)),
                sourceID: row.decode(String?.self, atIndex: 1) ?? "", reason: row.decode(atIndex: 2))
        }
    }
}
