import GRDB
import TelemetryModel

/// What senders say of metric families: table `metric_metadata` of `log.sqlite`. Written in the transaction of the request that
/// brings something new, so what was acknowledged is there, whatever ends the process.
struct MetadataTable {
    let db: Database

    static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE metric_metadata(
                    family TEXT NOT NULL,
                    type INTEGER NOT NULL,
                    help TEXT NOT NULL,
                    unit TEXT NOT NULL,
                    last_seen_ms INTEGER NOT NULL,
                    PRIMARY KEY(family, type, unit, help)) WITHOUT ROWID
                """)
    }

    func write(_ change: MetadataChange) throws {
        if !change.removed.isEmpty {
            let delete = try db.cachedStatement(
                sql: "DELETE FROM metric_metadata WHERE family = ? AND type = ? AND unit = ? AND help = ?")
            for item in change.removed { try delete.execute(arguments: MetadataTable.key(item)) }
        }
        guard !change.written.isEmpty else { return }
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO metric_metadata(family, type, unit, help, last_seen_ms) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)
                """)
        for (item, seen) in change.written { try insert.execute(arguments: MetadataTable.key(item) + [seen]) }
    }

    /// A type that a newer version wrote is not known here.
    func restore(into registry: MetadataRegistry) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT family, type, help, unit, last_seen_ms FROM metric_metadata ORDER BY family")
        while let row = try rows.next() {
            let type = UInt8(exactly: try row.decode(Int.self, atIndex: 1)).flatMap { MetricType(rawValue: $0) }
            let metadata = MetricMetadata(
                type: type ?? .unknown, help: try row.decode(atIndex: 2), unit: try row.decode(atIndex: 3))
            registry.restore(
                FamilyMetadata(try row.decode(atIndex: 0), metadata), lastSeen: try row.decode(atIndex: 4))
        }
    }

    /// - Returns: how many rows.
    func delete(before moment: Int64) throws -> Int {
        try db.execute(sql: "DELETE FROM metric_metadata WHERE last_seen_ms < ?", arguments: [moment])
        return db.changesCount
    }

    private static func key(_ item: FamilyMetadata) -> StatementArguments {
        [item.family, item.metadata.type.rawValue, item.metadata.unit, item.metadata.help]
    }
}

extension IngestLog {
    /// Deletes what was last seen before `moment`, milliseconds since 1970-01-01T00:00:00Z; what was seen in the last two hours
    /// stays, as times are only kept so finely. Blocks on SQLite.
    ///
    /// - Returns: how many.
    @discardableResult
    package func expireMetadata(seenBefore moment: Int64, now: Int64) throws -> Int {
        let end = min(moment, now - 2 * MetadataRegistry.seenResolution)
        // What is written again in between is of now, here and there.
        let deleted = try writer.write { db in try MetadataTable(db: db).delete(before: end) }
        metadata.forget(before: end)
        return deleted
    }
}
