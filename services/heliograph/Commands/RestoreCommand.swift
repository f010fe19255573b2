import ArgumentParser
import DataBackup
import Foundation

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a data folder of a backup, after checking every file of it.",
        discussion: """
            The data folder must be missing or empty, and no server may have it.
              heliograph restore --from /backups/2026-01-31 --data ./data
              heliograph run --data ./data
            """)

    @Option(name: .customLong("from"), help: "The backup.")
    var backup: String

    @Option(help: "The data folder to make.")
    var data: String

    @Flag(help: "No progress.")
    var quiet = false

    func run() throws {
        let progress = CommandProgress(isQuiet: quiet)
        defer { progress.clear() }
        let restore = BackupRestore(from: backup, to: data, progress: progress.receiver)
        let manifest: BackupManifest
        do {
            if FileManager.default.fileExists(atPath: "\(data)/LOCK") { _ = try DataFolder(data) }
            manifest = try restore.check()
            // Held until the process ends: no server starts on it meanwhile.
            let folder = try DataFolder(data)
            try withExtendedLifetime(folder) { try restore.copy(manifest) }
        } catch {
            throw CommandFailure("nothing was restored: \(error)")
        }
        progress.clear()
        print(
            """
            \(data): restored \(manifest.files.count) files, \(manifest.byteCount.byteText), as they were at \
            \(manifest.startedAt)
            Next: heliograph run --data \(data)
            The log is read back at the start; /readyz says how far it is. Producers that send again what they sent after the
            backup close the gap.
            """)
    }
}
