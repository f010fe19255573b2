import ArgumentParser
import DataBackup

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a data folder or a backup, and say what is not as it was written.",
        discussion: """
            Changes nothing; a server may be running on the data folder. The exit code is 0 if all is well and 1 if not.
              heliograph verify --data ./data
              heliograph verify --backup /backups/2026-01-31
            """)

    enum Format: String, ExpressibleByArgument { case table, json }

    @Option(help: "The data folder (default ./data).")
    var data: String?

    @Option(help: "A backup, instead of a data folder.")
    var backup: String?

    @Option(help: "table or json.")
    var format = Format.table

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        if data != nil, backup != nil { throw ValidationError("expected --data or --backup, got both") }
    }

    func run() throws {
        let progress = CommandProgress(isQuiet: quiet)
        defer { progress.clear() }
        var verification = FolderVerification(
            backup ?? data ?? "./data", backup == nil ? .data : .backup, progress: progress.receiver)
        let report: VerificationReport
        do {
            report = try verification.run()
        } catch {
            throw CommandFailure("cannot verify: \(error)")
        }
        progress.clear()
        print(format == .json ? report.json : report.table, terminator: "")
        if !report.isGood { throw ExitCode.failure }
    }
}
