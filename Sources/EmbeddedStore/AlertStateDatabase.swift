import Foundation
import GRDB

/// Alert states and undelivered notifications: records by key, in `alerts.sqlite`.
///
/// WAL with `synchronous=FULL`: what `save` wrote survives a power loss (https://sqlite.org/pragma.html#pragma_synchronous).
/// Calls block their thread. Thread-safe. The methods are those of alerting's `AlertStateStore`; the executable, which knows
/// both sides, says so.
///
///     record(key TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER) WITHOUT ROWID
///
/// A damaged file does not keep the platform from starting: it is set aside and begun anew, a damaged record is passed over,
/// and `damages` says so. The checksum is null in records that an older version wrote; those are taken as they are.
package final class AlertStateDatabase: Sendable {
    package static let fileName = "alerts.sqlite"

    /// What was found damaged when the file was opened: sentences for the log. The states in it are lost, so that alerts
    /// begin to wait, and notify, anew.
    package let damages: [String]
    private let queue: DatabaseQueue

    /// Opens or makes the file in a folder that is there.
    package init(folder: String) throws {
        let path = "\(folder)/\(AlertStateDatabase.fileName)"
        do {
            (queue, damages) = try AlertStateDatabase.openChecked(path)
        } catch  where DatabaseDamage.isDamage(error, of: path) {
            try DatabaseDamage.setAside(path)
            queue = try AlertStateDatabase.open(path)
            damages = [DatabaseDamage.sentence(AlertStateDatabase.fileName, error)]
        }
    }

    private static func openChecked(_ path: String) throws -> (DatabaseQueue, damages: [String]) {
        let queue = try open(path)
        do {
            // A file whose header forbids writing would be noticed at the first `save` only.
            try queue.inTransaction { db in
                try db.execute(sql: "DELETE FROM record WHERE false")
                return .rollback
            }
            return (queue, try queue.read(check))
        } catch {
            // Before the file is moved: SQLite finds a WAL by its name.
            try? queue.close()
            throw error
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "heliograph.alerts"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try migrator.migrate(queue)
        return queue
    }

    /// Names the records that are not as they were written.
    ///
    /// - Throws: SQLITE_CORRUPT if the file as a whole is not sound. It is small, so all of it is looked at.
    static func check(_ db: Database) throws -> [String] {
        let verdict = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
        return try read(db).damaged.map { "\(fileName): the record \($0) is not what was written and is passed over" }
    }

    private static func read(_ db: Database) throws -> (records: [String: [UInt8]], damaged: [String]) {
        var records: [String: [UInt8]] = [:]
        var damaged: [String] = []
        let rows = try Row.fetchCursor(db, sql: "SELECT key, value, checksum FROM record")
        while let row = try rows.next() {
            let key = String.fromDatabaseValue(row[0])
            let value = Data.fromDatabaseValue(row[1]).map { [UInt8]($0) }
            if let key, let value, row[2] == nil || Int64.fromDatabaseValue(row[2]) == checksum(key, value) {
                records[key] = value
            } else {
                damaged.append(key ?? "without a key")
            }
        }
        return (records, damaged)
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo). Each step is a bijection of the sum, so that a single changed byte always changes
    /// it: it is there to find damage, not forgery.
    private static func checksum(_ key: String, _ value: [UInt8]) -> Int64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(key.utf8) + [0] + value { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int64(bitPattern: sum)
    }

    /// All records that are as they were written.
    package func load() throws -> [String: [UInt8]] { try queue.read { try AlertStateDatabase.read($0).records } }

    /// Writes the records, and removes those whose bytes are nil, in one transaction.
    package func save(_ changes: [String: [UInt8]?]) throws {
        try queue.write { db in
            let write = try db.makeStatement(
                sql:
                    """
                    INSERT INTO record(key, value, checksum) VALUES (?, ?, ?)
                    ON CONFLICT(key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum
                    """)
            let remove = try db.makeStatement(sql: "DELETE FROM record WHERE key = ?")
            for (key, bytes) in changes {
                if let bytes {
                    try write.execute(arguments: [key, Data(bytes), AlertStateDatabase.checksum(key, bytes)])
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
        migrator.registerMigration("2: checksums") { db in
            try db.execute(sql: "ALTER TABLE record ADD COLUMN checksum INTEGER")
        }
        return migrator
    }
}
