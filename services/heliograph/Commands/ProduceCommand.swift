import ArgumentParser
import Foundation
import Logging
import Producer
import PromQLSyntax
import ServiceLifecycle
import Synchronization
import UnixSignals

struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Send telemetry to a server: a simulated fleet, or recorded files.",
        discussion: """
            A fleet of 25 sources, with the last six hours first:
              heliograph produce --backfill 6h
            Recorded CSV files (timestamp,value), so that the last sample lands at now:
              heliograph produce --replay metrics/*.csv --shift-to-now
            """)

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "Sources of the simulated fleet.")
    var sources = 25

    @Option(help: "Time between two readings of a source.")
    var interval = "5s"

    @Option(help: "Seed of the simulated fleet: the same seed sends the same values.")
    var seed: UInt64 = 1

    @Option(help: "Send the fleet's last hours first, at full speed, as in 6h.")
    var backfill: String?

    @Flag(help: "Let one incident of each kind begin in the first minutes.")
    var demonstration = false

    @Option(help: "Records a second, or \"max\" for as fast as the server takes them.")
    var rate: String?

    @Option(help: "Stop after this time, as in 10m.")
    var duration: String?

    @Option(help: "Stop after this many records.")
    var count: Int?

    @Option(
        parsing: .upToNextOption, help: "CSV (timestamp,value) and NDJSON files, or folders of them, to send again.")
    var replay: [String] = []

    @Option(help: "Metric name for replayed records; default: their own, or the one in the file's name.")
    var metric: String?

    @Option(help: "Source for replayed records; default: their own, or the one in the file's name.")
    var source: String?

    @Flag(help: "Move replayed records so that the last one lands at now.")
    var shiftToNow = false

    @Option(help: "Replay speed: recorded seconds per second, or \"max\".")
    var speed = "max"

    @Option(help: "Requests on their way at the same time.")
    var connections = 2

    @Option(help: "Records in one request at the most.")
    var recordsPerRequest = 5000

    @Flag(help: "No progress.")
    var quiet = false

    func run() async throws {
        let options = try producerOptions()
        let service = ProducerService(options: options)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigint, .sigterm],
                logger: Logger(label: "heliograph.produce") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch let error as ProducerError {
            throw CommandFailure("\(error)")
        }
        if let summary = service.summary.withLock({ $0 }), summary.isFailure { throw ExitCode.failure }
    }

    private func producerOptions() throws -> ProducerOptions {
        var options = ProducerOptions(url: url, content: try content())
        options.credentials = ServerCredentials(environment: ProcessInfo.processInfo.environment)
        options.rate = try rateOption()
        options.maximumRecords = count
        options.maximumDuration = try duration.map { try parsed($0, option: "--duration") }
        options.backfill = try backfill.map { try parsed($0, option: "--backfill") } ?? .zero
        options.isDemonstration = demonstration
        options.connections = connections
        options.recordsPerRequest = recordsPerRequest
        options.isQuiet = quiet
        return options
    }

    private func content() throws -> ProducerOptions.Content {
        guard replay.isEmpty else {
            var options = ReplayOptions(paths: replay)
            options.metric = metric
            options.source = source
            options.isShiftedToNow = shiftToNow
            if speed != "max" {
                guard let factor = Double(speed) else {
                    throw ValidationError("--speed: expected max or a number such as 60, got \"\(speed)\"")
                }
                options.speed = .factor(factor)
            }
            return .replay(options)
        }
        var fleet = FleetOptions()
        fleet.seed = seed
        fleet.sources = sources
        fleet.interval = try parsed(interval, option: "--interval")
        return .fleet(fleet)
    }

    private func rateOption() throws -> ProducerOptions.Rate {
        guard let rate else { return .natural }
        if rate == "max" { return .unbounded }
        guard let number = Double(rate) else {
            throw ValidationError("--rate: expected max or records per second, got \"\(rate)\"")
        }
        return .recordsPerSecond(number)
    }

    private func parsed(_ text: String, option: String) throws -> Duration {
        do {
            return .milliseconds(try PromQLDuration.parse(text))
        } catch {
            throw ValidationError("\(option): expected a duration such as 30s, 10m or 6h, got \"\(text)\"")
        }
    }
}

/// A producer as a part of a process: ends early, and in order, when the process is told to stop.
final class ProducerService: Service {
    let options: ProducerOptions
    let summary = Mutex<ProducerSummary?>(nil)

    init(options: ProducerOptions) { self.options = options }

    func run() async throws {
        let result = try await cancelWhenGracefulShutdown { [options] in
            try await Producer(options: options, logger: Logger(label: "heliograph.produce")).run()
        }
        summary.withLock { $0 = result }
    }
}
