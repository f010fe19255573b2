import Foundation
import GRDB

/// Alert states and undelivered notifications: records by key, in `alerts.sqlite`.
///
/// WAL with `synchronous=FULL`: what `save` wrote survives a power loss (https://sqlite.org/pragma.html#pragma_synchronous).
/// Calls block their thread. Thread-safe. The methods are those of alerting's `AlertStateStore`; the executable, which knows
/// both sides, says so.
///
///     record(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID
package final class AlertStateDatabase: Sendable {
    package static let fileName = "alerts.sqlite"

    private let queue: DatabaseQueue

    /// Opens or makes the file in a folder that is there.
    package init(folder: String) throws {
        var configuration = Configuration()
        configuration.label = "heliograph.alerts"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        queue = try DatabaseQueue(path: "\(folder)/\(AlertStateDatabase.fileName)", configuration: configuration)
        try AlertStateDatabase.migrator.migrate(queue)
    }

    /// All records.
    package func load() throws -> [String: [UInt8]] {
        try queue.read { db in
            var records: [String: [UInt8]] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT key, value FROM record")
            while let row = try rows.next() {
                let data: Data = row[1]
                records[row[0]] = [UInt8](data)
            }
            return records
        }
    }

    /// Writes the records, and removes those whose bytes are nil, in one transaction.
    package func save(_ changes: [String: [UInt8]?]) throws {
        try queue.write { db in
            let write = try db.makeStatement(
                sql:
                    "INSERT INTO record(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
            )
            let remove = try db.makeStatement(sql: "DELETE FROM record WHERE key = ?")
            for (key, bytes) in changes {
                if let bytes {
                    try write.execute(arguments: [key, Data(bytes)])
                } else {
                    try remove.execute(arguments: [key])
                }
            }
        }
    }

    /// Closes the file; later calls throw.
    package func close() throws { try queue.close() }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: records") { db in
            try db.execute(sql: "CREATE TABLE record(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        }
        return migrator
    }
}
