import EmbeddedStore
import Foundation

/// Keeps a data folder that no server has from being opened by one, for as long as this object lives; takes nothing from a
/// server that has it.
package final class FolderHold {
    /// A server has the folder.
    package let isInUse: Bool
    private let lock: Int32
    private let folder: String
    private let before: Set<String>

    /// A folder without a `LOCK` file has never been opened by a server, or is a copy; there is nothing to hold then.
    package init(_ folder: String) {
        self.folder = folder
        // An flock asks for no right to write (man 2 flock).
        lock = open("\(folder)/\(BackupLayout.lock)", O_RDONLY | O_CLOEXEC)
        isInUse = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
        before = Set((try? DiskFiles().names(in: folder)) ?? [])
    }

    deinit {
        if !isInUse { removeTraces() }
        if lock >= 0 { close(lock) }
    }

    /// Reading a database in WAL mode leaves an empty WAL and its index behind if the last reader may not write
    /// (https://sqlite.org/wal.html#readonly). What was not there before and is of no use is removed.
    private func removeTraces() {
        guard lock >= 0, let names = try? DiskFiles().names(in: folder) else { return }
        for wal in names where wal.hasSuffix("\(BackupLayout.databaseSuffix)-wal") && !before.contains(wal) {
            guard (try? DiskFiles().size(of: "\(folder)/\(wal)")) == 0 else { continue }
            unlink("\(folder)/\(wal)")
            unlink("\(folder)/\(wal.dropLast("-wal".count))-shm")
        }
    }
}
