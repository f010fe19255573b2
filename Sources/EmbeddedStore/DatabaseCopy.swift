import Foundation
import GRDB

/// A copy of a SQLite file as of one moment, whoever writes to it meanwhile.
///
/// SQLite's online backup (https://sqlite.org/backup.html) within one read transaction: in WAL mode that neither waits for
/// writers nor keeps them waiting, and no commit makes it start over. Until it is done the WAL cannot be reset, so it grows
/// by what is written. Pages are copied as they are, damaged ones too.
package enum DatabaseCopy {
    private static let pagesPerStep: CInt = 1024

    /// Writes the copy to a path where nothing is. It has no journal beside it and is not in WAL mode, so that it can be read
    /// from a medium that cannot be written. Not fsynced.
    ///
    /// - Parameter progress: called after every 4 MiB or so.
    /// - Throws: `FileError` if the disk is full, `BlockFileError` with what SQLite refused, or what `progress` threw.
    package static func copy(
        _ source: String, to destination: String, progress: (_ pages: Int, _ allPages: Int) throws -> Void = { _, _ in }
    ) throws {
        do {
            try copyPages(of: source, to: destination, progress)
            try leaveWAL(destination)
        } catch let error as DatabaseError {
            if error.resultCode == .SQLITE_FULL {
                throw FileError(operation: "write", path: destination, code: ENOSPC)
            }
            throw BlockFileError(
                file: source, operation: "copy", code: error.extendedResultCode.rawValue,
                message: error.message ?? "no reason given")
        }
    }

    private static func copyPages(
        of source: String, to destination: String, _ progress: (_ pages: Int, _ allPages: Int) throws -> Void
    ) throws {
        let from = try DatabaseQueue(path: source, configuration: reading)
        defer { try? from.close() }
        var writing = Configuration()
        writing.label = "heliograph.copy.target"
        writing.prepareDatabase { db in
            // Until everything is fsynced and renamed nobody counts on the copy.
            try db.execute(sql: "PRAGMA journal_mode = OFF")
            try db.execute(sql: "PRAGMA synchronous = OFF")
        }
        let to = try DatabaseQueue(path: destination, configuration: writing)
        defer { try? to.close() }
        try from.read { db in
            // A transaction begins with its first read; every step then sees that moment.
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
            try to.writeWithoutTransaction { copy in
                try withoutActuallyEscaping(progress) { progress in
                    try db.backup(to: copy, pagesPerStep: pagesPerStep) { done in
                        try progress(done.totalPageCount - done.remainingPageCount, done.totalPageCount)
                    }
                }
            }
        }
    }

    private static func leaveWAL(_ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try queue.close()
    }

    static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "heliograph.copy"
        configuration.busyMode = .timeout(30)
        return configuration
    }
}

/// What SQLite itself can say about a file.
package enum DatabaseCheck {
    /// Reads the whole file; what is wrong with it, at most ten sentences, or nothing. Does not change the file; safe while
    /// another process writes to it.
    package static func problems(of path: String) -> [String] {
        do {
            let queue = try DatabaseQueue(path: path, configuration: DatabaseCopy.reading)
            defer { try? queue.close() }
            let answers = try queue.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(10)") }
            return answers == ["ok"] ? [] : answers
        } catch {
            return [reason(for: error)]
        }
    }

    /// Rows of each table, in order of names.
    package static func rowCounts(of path: String) throws -> [(table: String, rows: Int)] {
        let queue = try DatabaseQueue(path: path, configuration: DatabaseCopy.reading)
        defer { try? queue.close() }
        return try queue.read { db in
            let tables = try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_master
                    WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%' ORDER BY name
                    """)
            return try tables.map { table in
                (table, try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table.quotedDatabaseIdentifier)") ?? 0)
            }
        }
    }

    static func reason(for error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "SQLite: \(error.message ?? "code \(error.extendedResultCode.rawValue)")"
    }
}
