package import EmbeddedStore
import Foundation

/// Makes a data folder of a backup, after the whole backup was found to be as its manifest says.
///
/// From before the first byte until after the last fsync the folder holds `RESTORE-INCOMPLETE`, on which no server starts: a
/// restore that a power loss broke off is never taken for a store.
package struct BackupRestore {
    private let backup: String
    private let dataFolder: String
    private let files: any StoreFiles
    private let progress: BackupProgressReceiver

    package init(
        from backup: String, to dataFolder: String, files: any StoreFiles = DiskFiles(),
        progress: @escaping BackupProgressReceiver = { _ in }
    ) {
        self.backup = BackupWriter.withoutSlash(backup)
        self.dataFolder = BackupWriter.withoutSlash(dataFolder)
        self.files = files
        self.progress = progress
    }

    /// Checks the backup and that the data folder is missing or empty, without changing anything.
    ///
    /// - Throws: `BackupError` that says what is in the way.
    package func check() throws -> BackupManifest {
        try checkTarget()
        let manifest = try BackupManifest(backup: backup)
        let all = manifest.byteCount
        let problems = try manifest.check(folder: backup) { [progress] bytes in
            try progress(BackupProgress(activity: "checking the backup", bytes: bytes, allBytes: all))
        }
        guard problems.isEmpty else { throw BackupError.damaged(path: backup, problems: problems) }
        return manifest
    }

    /// Copies what `check` found good. The folder must be there, and held by the caller (`LOCK`).
    ///
    /// - Throws: `BackupError`, `FileError`; the folder is then left with its mark.
    package func copy(_ manifest: BackupManifest) throws {
        try checkTarget()
        if let free = FileContent.freeBytes(at: dataFolder), free < manifest.byteCount {
            throw BackupError.noSpace(path: dataFolder, needed: manifest.byteCount, available: free)
        }
        let marker = "\(dataFolder)/\(BackupLayout.restoreMarker)"
        guard FileManager.default.createFile(atPath: marker, contents: Data()) else {
            throw FileError(operation: "make", path: marker, code: errno)
        }
        try files.syncFile(marker)
        try files.syncFolder(dataFolder)
        var before = 0
        for file in manifest.files {
            let target = "\(dataFolder)/\(file.path)"
            try files.makeFolder(BackupWriter.parent(of: target))
            let written = try FileContent.copy("\(backup)/\(file.path)", to: target) { [progress] bytes in
                try progress(
                    BackupProgress(
                        activity: "copying \(file.path)", bytes: before + bytes, allBytes: manifest.byteCount))
            }
            guard written.sha256 == file.sha256 else {
                let problem = BackupProblem(
                    file: file.path, expected: "SHA-256 \(file.sha256)", found: "\(written.sha256), while it was copied"
                )
                throw BackupError.damaged(path: backup, problems: [problem])
            }
            before += file.bytes
        }
        let folders = Set(manifest.files.flatMap { BackupWriter.folders(of: $0.path) })
        for folder in folders.sorted(by: >) { try files.syncFolder("\(dataFolder)/\(folder)") }
        try files.remove(marker)
        try files.syncFolder(dataFolder)
        try files.syncFolder(BackupWriter.parent(of: dataFolder))
    }

    private func checkTarget() throws {
        guard files.exists(dataFolder) else { return }
        let names = try files.names(in: dataFolder).filter { $0 != BackupLayout.lock && $0 != "lost+found" }
        if names.contains(BackupLayout.restoreMarker) { throw BackupError.targetHalfRestored(path: dataFolder) }
        if let first = names.first { throw BackupError.targetNotEmpty(path: dataFolder, file: first) }
    }

    /// Whether a data folder holds a restore that was not finished.
    package static func isUnfinished(_ dataFolder: String) -> Bool {
        DiskFiles().exists("\(dataFolder)/\(BackupLayout.restoreMarker)")
    }
}
