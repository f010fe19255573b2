import ArgumentParser
import DataBackup
import Foundation

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a data folder, of a running server too, without stopping anything.",
        discussion: """
            Everything acknowledged before the backup begins is in it. It is written under NAME.partial and renamed when it is
            complete and on disk.
              heliograph backup --data ./data --to /backups/2026-01-31
            Daily, writing only blocks that are new since the day before:
              heliograph backup --data ./data --to /backups/2026-02-01 --previous /backups/2026-01-31
            Check it with `heliograph verify --backup`, bring it back with `heliograph restore`.
            """)

    @Option(help: "The data folder.")
    var data = "./data"

    @Option(name: .customLong("to"), help: "Where the backup goes: a folder that does not exist or is empty.")
    var destination: String

    @Flag(
        help: """
            Link blocks instead of copying them, if the backup lies on the data's file system. Quick and small; guards against \
            mistakes, but not against a failing disk.
            """)
    var link = false

    @Option(
        help:
            "An earlier backup on the same file system as the new one: blocks that it has are linked instead of copied."
    )
    var previous: String?

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        if link, previous != nil { throw ValidationError("--link and --previous: expected one of them at the most") }
    }

    func run() throws {
        var options = BackupWriter.Options(dataFolder: data, destination: destination, version: Heliograph.version)
        options.linksBlocks = link
        options.previous = previous
        let progress = CommandProgress(isQuiet: quiet)
        defer { progress.clear() }
        var writer = BackupWriter(options, progress: progress.receiver)
        let report: BackupWriter.Report
        do {
            report = try writer.run()
        } catch {
            throw CommandFailure("no backup was made: \(error)")
        }
        progress.clear()
        for file in report.damaged {
            FileHandle.standardError.write(
                Data("left out, because the server had set it aside as damaged: \(file)\n".utf8))
        }
        print(
            """
            \(destination): \(report.manifest.files.count) files, \(report.manifest.byteCount.byteText); \
            \(report.copiedBytes.byteText) written, \(report.linkedBytes.byteText) linked
            """)
    }
}
