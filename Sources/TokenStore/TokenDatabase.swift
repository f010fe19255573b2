package import AccessControl
import Foundation
import GRDB

/// The tokens of a data folder, in `access.sqlite`. The server and the command line use the file at the same time.
///
///     token(id TEXT PRIMARY KEY, name, scope, digest, created_at, expires_at, revoked_at, records_per_second, max_series,
///           series)
///
/// A rollback journal with `synchronous=EXTRA`: what was written survives a power loss, and the file is one file at rest. Only its
/// owner may read it. Calls block their thread. Thread-safe.
package final class TokenDatabase: Sendable {
    package static let fileName = "access.sqlite"

    private let queue: DatabaseQueue

    /// Opens or makes the file in a folder that is there.
    package init(folder: String) throws {
        let path = "\(folder)/\(TokenDatabase.fileName)"
        // Before SQLite makes it, so that it is never open to others.
        if !FileManager.default.fileExists(atPath: path) {
            let made = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            guard made >= 0 else { throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path]) }
            Foundation.close(made)
        }
        var configuration = Configuration()
        configuration.label = "heliograph.access"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            try db.execute(sql: "PRAGMA synchronous = EXTRA")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try TokenDatabase.migrator.migrate(queue)
    }

    package func close() throws { try queue.close() }

    /// Changes when another connection has written (https://sqlite.org/pragma.html#pragma_data_version). Reads no page but the first.
    package func version() throws -> Int64 {
        try queue.unsafeRead { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    /// In the order in which they were made.
    package func tokens() throws -> [AccessToken] {
        try queue.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM token ORDER BY created_at, id").map { row in
                AccessToken(
                    id: row["id"], name: row["name"], scope: AccessScope(rawValue: row["scope"]),
                    digest: [UInt8](row["digest"] as Data), createdAt: row["created_at"], expiresAt: row["expires_at"],
                    revokedAt: row["revoked_at"], recordsPerSecond: row["records_per_second"],
                    maximumSeries: row["max_series"])
            }
        }
    }

    package func add(_ token: AccessToken) throws {
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO token(id, name, scope, digest, created_at, expires_at, records_per_second, max_series)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    token.id, token.name, token.scope.rawValue, Data(token.digest), token.createdAt, token.expiresAt,
                    token.recordsPerSecond, token.maximumSeries,
                ])
        }
    }

    /// - Returns: those that were valid or expired and are revoked now.
    package func revoke(ids: [String], at now: Int64) throws -> [String] {
        try queue.write { db in
            try ids.filter { id in
                try db.execute(
                    sql: "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", arguments: [now, id])
                return db.changesCount > 0
            }
        }
    }

    /// How many series each token has begun.
    package func seriesCounts() throws -> [String: Int] {
        try queue.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT id, series FROM token WHERE series > 0")
            return Dictionary(
                rows.map { (id: $0["id"], series: $0["series"]) }, uniquingKeysWith: { first, _ in first })
        }
    }

    package func setSeriesCounts(_ counts: [String: Int]) throws {
        try queue.write { db in
            for (id, count) in counts {
                try db.execute(sql: "UPDATE token SET series = ? WHERE id = ?", arguments: [count, id])
            }
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: tokens") { db in
            try db.execute(
                sql: """
                    CREATE TABLE token(
                      id TEXT PRIMARY KEY, name TEXT NOT NULL, scope INTEGER NOT NULL, digest BLOB NOT NULL,
                      created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, records_per_second INTEGER,
                      max_series INTEGER, series INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID
                    """)
        }
        return migrator
    }
}
