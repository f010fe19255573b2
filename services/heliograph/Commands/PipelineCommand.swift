import ArgumentParser
import Foundation
import NIOHTTP1
import Processing

struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline",
        abstract: "Check a pipeline file, try it with sample records, put it into force on a server.",
        subcommands: [PipelineCheckCommand.self, PipelineTestCommand.self, PipelineReloadCommand.self])
}

struct PipelineCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a pipeline file and what it names, and say all that is wrong.")

    @Argument(help: "The pipeline file.")
    var file: String

    func run() throws {
        let pipeline = try PipelineFile(path: file).readOrFail().pipeline
        print("\(file): \(pipeline.stages.count) stages")
        for stage in pipeline.stages { print("  \(stage.name) (\(stage.kind))".printable) }
    }
}

struct PipelineTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Take sample records through a pipeline file, and show what each stage did with them.",
        discussion: """
            Records are of the data contract (JSON, NDJSON) or Prometheus' text format, from a file or standard input.
              heliograph pipeline test pipeline.yml --records records.ndjson
              curl -s http://host:9100/metrics | heliograph pipeline test pipeline.yml
            Nothing is sent anywhere, and no server is needed.
            """)

    @Argument(help: "The pipeline file.")
    var file: String

    @Option(help: "A file with records; standard input if there is none.")
    var records: String?

    @Option(
        help: ArgumentHelp(
            "When the records arrive: `record` for each at its own time, `now`, or a time such as 2026-01-31T12:00:00Z.",
            valueName: "time"))
    var arrival = "record"

    func run() throws {
        let pipeline = try PipelineFile(path: file).readOrFail().pipeline
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let trial = PipelineTrial(
            pipeline: pipeline, records: try PipelineRecords(try input(), now: now), arrival: try arrival(now: now),
            style: .current())
        print(trial.report(), terminator: "")
    }

    private func input() throws -> [UInt8] {
        guard let records else { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: records) else {
            throw CommandFailure("cannot read \(records): it is not there, or may not be read by this user")
        }
        return [UInt8](data)
    }

    private func arrival(now: Int64) throws -> PipelineTrial.Arrival {
        switch arrival {
        case "record": return .record
        case "now": return .at(now)
        default:
            guard let time = QueryTime(argument: arrival) else {
                throw ValidationError("--arrival: expected record, now or a time, got \"\(arrival)\"")
            }
            return .at(time.milliseconds(now: now))
        }
    }
}

struct PipelineReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Let a running server read its pipeline's files again.")

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    func run() async throws {
        _ = try await RunningServer(url: url).ask(.POST, "/api/v1/pipeline/reload", [])
        print("the pipeline was read again and is in force")
    }
}

extension PipelineFile {
    /// As `read`, with all that is wrong as the message of a command.
    func readOrFail() throws -> Reading {
        do {
            return try read()
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
