import Foundation
import GRDB

/// A database that is not worth keeping the platform from starting: it is set aside when it is damaged, and begun anew.
enum DatabaseDamage {
    /// Added to a file that cannot be read; it is left for inspection.
    static let suffix = ".damaged"

    /// The file's content is at fault, not the disk, the memory or another process (https://sqlite.org/rescode.html). An
    /// overwritten schema makes SQLite say that a table is missing or there already, an overwritten record that a value is.
    static func isDamage(_ error: any Error, of path: String) -> Bool {
        guard let error = error as? DatabaseError else { return error is RowDecodingError }
        if error.resultCode == .SQLITE_READONLY { return FileManager.default.isWritableFile(atPath: path) }
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_CONSTRAINT].contains(error.resultCode)
    }

    /// Renames a file that nobody has open. The WAL belongs to the file; SQLite would apply it to the next one of that name.
    static func setAside(_ path: String) throws {
        for tail in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + tail) {
            let aside = path + suffix + tail
            try? FileManager.default.removeItem(atPath: aside)
            try FileManager.default.moveItem(atPath: path + tail, toPath: aside)
        }
    }

    /// A sentence for the log.
    static func sentence(_ file: String, _ error: any Error) -> String {
        "\(file) is damaged and was set aside as \(file)\(suffix): \(error)"
    }
}
