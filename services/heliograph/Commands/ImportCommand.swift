import ArgumentParser
import Foundation
import Producer

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Send files of records to a server, and say which lines it refused.",
        discussion: """
            Takes what `heliograph export` writes: NDJSON, one record of the data contract a line; or CSV with a first line of
            timestamp,source_id,metric_name,metric_value,severity,tags, in any order, the tags as JSON.
              heliograph import telemetry.ndjson
            Can be run again: what is there already is counted as duplicate. Refused lines are kept as dead letters; the exit
            code is then 1.
            """)

    @Argument(help: "The files; .csv is read as CSV, everything else as NDJSON.")
    var files: [String]

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "ndjson or csv, for all files, whatever they are called.")
    var format: String?

    @Option(help: "Records in one request at the most.")
    var recordsPerRequest = 5000

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        if let format, ImportOptions.Format(rawValue: format) == nil {
            throw ValidationError("--format: expected ndjson or csv, got \"\(format)\"")
        }
        guard (1...100_000).contains(recordsPerRequest) else {
            throw ValidationError("--records-per-request: expected 1 to 100000, got \(recordsPerRequest)")
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ValidationError("--url: expected an http:// or https:// address, got \"\(url)\"")
        }
    }

    func run() async throws {
        var options = ImportOptions(url: url, files: files)
        options.format = format.flatMap(ImportOptions.Format.init(rawValue:))
        options.recordsPerRequest = recordsPerRequest
        options.credentials = ServerCredentials(environment: ProcessInfo.processInfo.environment)
        let progress = CommandProgress(isQuiet: quiet)
        let importer = Importer(options: options) { refusal in
            progress.clear()
            FileHandle.standardError.write(Data("\(refusal)\n".utf8))
        } onProgress: { summary in
            progress.show(
                "\(summary.accepted) records accepted, \(summary.refused) refused, \(summary.retries) retries")
        }
        let summary: ImportSummary
        do {
            summary = try await importer.run()
        } catch {
            progress.clear()
            throw CommandFailure(
                "the import was not finished: \(error); run it again to go on, nothing is stored twice")
        }
        progress.clear()
        print("imported \(summary.accepted) of \(summary.records) records, \(summary.refused) refused")
        if summary.refused > 0 { throw ExitCode.failure }
    }
}
