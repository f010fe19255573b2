import GRDB
import TelemetryModel

/// `log.sqlite`: its name, settings and tables in one place. docs/formats/log.md describes them.
enum LogDatabase {
    static let fileName = "log.sqlite"
    static let pageSize = 4096
    /// Pages that may wait in the WAL before they are folded into the database: 32 MiB. A page that was written many times
    /// until then is folded in once.
    private static let checkpointPages = 8192

    /// WAL with `synchronous=FULL`: a commit returns after the WAL is fsynced, so what is committed survives a power loss
    /// (https://sqlite.org/pragma.html#pragma_synchronous).
    ///
    /// A commit writes whole pages, so they are small: at 16 KiB a request of one record would write 48 KiB.
    static func open(in folder: String, maximumPages: Int?) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "heliograph.log"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // Both only matter to a file that does not exist yet, and on any other SQLite writes a page for the second, which a
            // full disk has no room for; incremental, so that `trim` decides when to shrink it.
            if try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 {
                try db.execute(sql: "PRAGMA page_size = \(pageSize)")
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
            // Debian's SQLite overwrites deleted content with zeros by default: every trimmed byte would be written once
            // more, twice with the WAL. Nothing in a log of telemetry asks for that.
            try db.execute(sql: "PRAGMA secure_delete = OFF")
            if let maximumPages { try db.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        let queue = try DatabaseQueue(path: "\(folder)/\(fileName)", configuration: configuration)
        try migrator.migrate(queue)
        try rebuildIfLaidOutDifferently(queue)
        return queue
    }

    /// A second connection, for reading beside the commits.
    static func openReader(in folder: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "heliograph.log.reader"
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: "\(folder)/\(fileName)", configuration: configuration)
    }

    /// A file from before has larger pages and cannot shrink. Both can change only in a full VACUUM outside of WAL mode
    /// (https://sqlite.org/pragma.html#pragma_page_size); it is atomic like any transaction.
    private static func rebuildIfLaidOutDifferently(_ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { db in
            let size = try Int.fetchOne(db, sql: "PRAGMA page_size")
            let vacuum = try Int.fetchOne(db, sql: "PRAGMA auto_vacuum")
            guard size != pageSize || vacuum != 2 else { return }
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            try db.execute(sql: "PRAGMA page_size = \(pageSize)")
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try db.execute(sql: "VACUUM")
            try db.execute(sql: "PRAGMA journal_mode = WAL")
        }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: batches, series, dead letters, ledger") { db in
            try db.execute(
                sql: """
                    CREATE TABLE batch(
                        offset INTEGER PRIMARY KEY AUTOINCREMENT,
                        received_at_ms INTEGER NOT NULL,
                        protocol INTEGER NOT NULL,
                        records INTEGER NOT NULL,
                        payload BLOB NOT NULL);
                    CREATE TABLE series(ref INTEGER PRIMARY KEY, labels TEXT NOT NULL);
                    CREATE TABLE dead_letter(
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        received_at_ms INTEGER NOT NULL,
                        protocol INTEGER NOT NULL,
                        source_id TEXT,
                        reason TEXT NOT NULL,
                        field TEXT,
                        message TEXT NOT NULL,
                        record_index INTEGER NOT NULL,
                        payload BLOB NOT NULL);
                    CREATE INDEX dead_letter_by_time ON dead_letter(received_at_ms);
                    CREATE TABLE dead_letter_total(
                        protocol INTEGER NOT NULL,
                        source_id TEXT NOT NULL,
                        reason TEXT NOT NULL,
                        records INTEGER NOT NULL,
                        PRIMARY KEY(protocol, source_id, reason)) WITHOUT ROWID;
                    CREATE TABLE ledger(
                        protocol INTEGER NOT NULL,
                        source_id TEXT NOT NULL,
                        received INTEGER NOT NULL,
                        stored INTEGER NOT NULL,
                        duplicate INTEGER NOT NULL,
                        dropped INTEGER NOT NULL,
                        PRIMARY KEY(protocol, source_id)) WITHOUT ROWID;
                    CREATE TABLE received_total(
                        protocol INTEGER PRIMARY KEY,
                        records INTEGER NOT NULL);
                    CREATE TABLE position(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                    """)
        }
        // A commit then writes the batch's own pages and no counter's: neither SQLite's sequence nor a table of totals.
        migrator.registerMigration("2: running totals in the batches") { db in
            try db.execute(
                sql: """
                    CREATE TABLE trimmed_total(
                        protocol INTEGER PRIMARY KEY,
                        records INTEGER NOT NULL);
                    INSERT INTO trimmed_total
                        SELECT protocol, records
                            - coalesce((SELECT sum(records) FROM dead_letter_total d WHERE d.protocol = r.protocol), 0)
                            - coalesce((SELECT sum(records) FROM batch b WHERE b.protocol = r.protocol), 0)
                        FROM received_total r;
                    INSERT OR REPLACE INTO position
                        SELECT 'end', coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'batch';
                    CREATE TABLE batch_with_totals(
                        offset INTEGER PRIMARY KEY,
                        received_at_ms INTEGER NOT NULL,
                        protocol INTEGER NOT NULL,
                        records INTEGER NOT NULL,
                        totals TEXT NOT NULL,
                        payload BLOB NOT NULL);
                    INSERT INTO batch_with_totals
                        SELECT offset, received_at_ms, protocol, records,
                            json_object(
                                '1', coalesce((SELECT records FROM trimmed_total WHERE protocol = 1), 0)
                                    + sum(iif(protocol = 1, records, 0)) OVER running,
                                '2', coalesce((SELECT records FROM trimmed_total WHERE protocol = 2), 0)
                                    + sum(iif(protocol = 2, records, 0)) OVER running),
                            payload
                        FROM batch WINDOW running AS (ORDER BY offset);
                    DROP TABLE batch;
                    ALTER TABLE batch_with_totals RENAME TO batch;
                    DROP TABLE received_total;
                    """)
        }
        migrator.registerMigration("3: when series began") { db in try SeriesHistory.createTable(db) }
        migrator.registerMigration("5: totals of differences") { db in try DeltaTotals.createTable(db) }
        migrator.registerMigration("6: versions of the pipeline, and what they refused") { db in
            try PipelineVersions.createTable(db)
            try db.execute(sql: "ALTER TABLE ledger ADD COLUMN refused INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("4: replay of dead letters") { db in try DeadLetterTable.addColumns(db) }
        migrator.registerMigration("7: positions of receivers") { db in try ForwardTable.create(db) }
        migrator.registerMigration("8: metadata of metrics") { db in try MetadataTable.create(db) }
        return migrator
    }
}
