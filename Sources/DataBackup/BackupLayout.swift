import EmbeddedStore
import IngestLog

/// Every name in a data folder and in a backup of one. docs/formats/backup.md describes the backup.
enum BackupLayout {
    static let manifest = "manifest.json"
    /// Added to the name of a backup that is being made.
    static let partialSuffix = ".partial"
    /// In a data folder that is being restored, from before the first byte until after the last: a server does not start on it.
    static let restoreMarker = "RESTORE-INCOMPLETE"
    static let lock = "LOCK"
    static let databaseSuffix = ".sqlite"
    static let log = LogVerification.fileName
    static let alerts = "alerts.sqlite"
    static let exemplars = "exemplars.sqlite"
    static let tombstones = "tombstones.sqlite"
    /// Folders of files that never change once they have their name, at any depth below.
    static let immutableFolders = [StoreVerification.blockFolder, "rollups"]
    /// What SQLite keeps beside a database that is open.
    static let sidecarSuffixes = ["-wal", "-shm", "-journal"]

    /// Whether a file may be part of a backup: relative, below one of our folders or at the top, and a SQLite database.
    static func isContent(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasSuffix(databaseSuffix), !parts.contains(where: { $0.isEmpty || $0.first == "." }) else {
            return false
        }
        return parts.count == 1 || immutableFolders.contains(String(parts[0]))
    }
}
