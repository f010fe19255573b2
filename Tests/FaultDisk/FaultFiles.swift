import EmbeddedStore
import Foundation

/// The store's file operations on a fault disk. Syncs are remembered and not carried out, as in the shim.
package struct FaultFiles: StoreFiles {
    private let disk: FaultDisk
    private let real = DiskFiles()

    init(disk: FaultDisk) { self.disk = disk }

    package func names(in folder: String) throws -> [String] { try real.names(in: folder) }
    package func exists(_ path: String) -> Bool { real.exists(path) }
    package func size(of path: String) throws -> Int { try real.size(of: path) }

    package func makeFolder(_ path: String) throws {
        try real.makeFolder(path)
        disk.madeFolder(resolved(path))
    }

    package func remove(_ path: String) throws {
        try check(.remove, path, "remove")
        try real.remove(path)
        disk.after(.remove, resolved(path))
    }

    package func rename(_ path: String, to other: String) throws {
        try check(.rename, path, "rename")
        try real.rename(path, to: other)
        disk.renamed(resolved(path), to: resolved(other))
    }

    package func syncFile(_ path: String) throws {
        try check(.sync, path, "sync")
        disk.after(.sync, resolved(path))
    }

    package func syncFolder(_ path: String) throws {
        try check(.syncFolder, path, "sync")
        disk.after(.syncFolder, resolved(path))
    }

    package func copy(_ path: String, to other: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let decision = bytes.withUnsafeBytes { disk.before(.write, resolved(other), bytes: $0) }
        if case .fail(let effect, _) = decision { throw error("copy", path, effect) }
        try real.copy(path, to: other)
        bytes.withUnsafeBytes { disk.after(.write, resolved(other), bytes: $0) }
    }

    private func check(_ operation: DiskOperation, _ path: String, _ verb: String) throws {
        if case .fail(let effect, _) = disk.before(operation, resolved(path)) { throw error(verb, path, effect) }
    }

    private func error(_ verb: String, _ path: String, _ effect: Fault.Effect) -> FileError {
        FileError(operation: verb, path: path, code: effect == .ioError || effect == .powerLoss ? EIO : ENOSPC)
    }

    /// The path as the disk knows it: its folder without symbolic links.
    private func resolved(_ path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        guard let resolved = realpath(folder, nil) else { return path }
        defer { free(resolved) }
        return "\(String(cString: resolved))/\((path as NSString).lastPathComponent)"
    }
}
