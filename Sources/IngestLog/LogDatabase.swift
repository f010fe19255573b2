import GRDB
import TelemetryModel

/// `log.sqlite`: its name, settings and tables in one place. docs/formats/log.md describes them.
enum LogDatabase {
    static let fileName = "log.sqlite"

    /// WAL with `synchronous=FULL`: a commit returns after the WAL is fsynced, so what is committed survives a power loss
    /// (https://sqlite.org/pragma.html#pragma_synchronous). Pages of 16 KiB keep a batch's payload in few overflow pages.
    static func open(in folder: String, maximumPages: Int?) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "heliograph.log"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = 16384")
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
            if let maximumPages { try db.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        let queue = try DatabaseQueue(path: "\(folder)/\(fileName)", configuration: configuration)
        try migrator.migrate(queue)
        return queue
    }

    private static var migrator: DatabaseMigrator {
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
        return migrator
    }
}
