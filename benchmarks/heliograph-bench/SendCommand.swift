import ArgumentParser
import Foundation

struct RequestOptions: ParsableArguments {
    @Option(help: "Connections, each with its share of the sources.")
    var connections = 2

    @Option(help: "Samples in a request.")
    var samplesPerRequest = 5_000

    @Option(help: "The protocol.")
    var format: RequestFormat = .remoteWrite

    func validate() throws {
        guard (1...64).contains(connections) else {
            throw ValidationError("--connections must be 1…64, not \(connections)")
        }
        guard (1...1_000_000).contains(samplesPerRequest) else {
            throw ValidationError("--samples-per-request must be 1…1,000,000, not \(samplesPerRequest)")
        }
    }
}

struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Write a workload's requests to a file.",
        discussion: "As remote write the full main set takes 2 GB, the long one half of that.")

    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var requests: RequestOptions

    @Argument(help: "The file to write.")
    var file: String

    func run() throws {
        print(workload.workload.summary)
        try prepare(workload.workload, requests, to: file)
    }
}

private func prepare(_ workload: Workload, _ requests: RequestOptions, to path: String) throws {
    let before = CPUClock.process.nanoseconds
    try RequestFile.write(
        workload, as: requests.format, connections: requests.connections,
        samplesPerRequest: requests.samplesPerRequest, to: path)
    print(String(format: "requests made in %.1f CPU-seconds", Double(CPUClock.process.nanoseconds - before) / 1e9))
}

struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send a workload as remote write 1.0, line protocol or contract NDJSON.",
        discussion: """
            Requests are made before the clock starts: in a temporary file, or with `prepare`. The first step, in which every \
            series is new, is sent and counted by itself.
            """)

    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var requests: RequestOptions
    @OptionGroup var report: ReportOptions

    @Option(help: "Where to send, for example http://127.0.0.1:8428/api/v1/write.")
    var url: String

    @Option(help: "The server's process: its CPU-seconds and peak memory are read from /proc.")
    var pid: Int32?

    @Option(help: "A file made by `prepare`; the options of the workload are not used then.")
    var requestFile: String?

    @Option(
        help: ArgumentHelp(
            "For a server that is killed meanwhile: a connection that breaks ends the sending, and this file gets how many "
                + "samples of each source were acknowledged, as a JSON list.",
            valueName: "file"))
    var acknowledged: String?

    @Option(help: "A field for every request, for example 'Authorization: Bearer …'.")
    var header: [String] = []

    @Option(help: "Samples a second, all connections together. Default: flat out.")
    var rate: Double?

    func run() throws {
        if let requestFile {
            try send(RequestFile(path: requestFile))
            return
        }
        print(workload.workload.summary)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("heliograph-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try prepare(workload.workload, requests, to: path)
        try send(RequestFile(path: path))
    }

    private func send(_ file: RequestFile) throws {
        var report = Report()
        let lastStep = file.requests.joined().map(\.step).max() ?? 0
        let firstSteps = file.requests.joined().map(\.step).filter { $0 > 0 }.min() ?? lastStep + 1
        let wire = file.requests.joined().reduce(0) { $0 + $1.body.count }
        report.note(
            "\(file.sampleCount) samples of \(file.seriesCount) series in \(file.requests.joined().count) requests, "
                + "\(file.requests.count) connections; bytes a sample: \(file.messageByteCount / file.sampleCount) "
                + "before compression, \(wire / file.sampleCount) on the wire")
        let progress = SendingProgress(file: file, pid: pid)
        let sender = RequestSender(
            url: url, headerFields: file.format.headerFields + header.map { $0 + "\r\n" }.joined(), file: file,
            progress: progress, endsWithServer: acknowledged != nil)
        func usage() -> ProcessUsage? { pid.map { ProcessUsage(pid: $0) } }

        let before = usage()
        let began = ContinuousClock.now
        let first = try sender.send(steps: 0..<firstSteps, samplesPerSecond: rate)
        let between = usage()
        let betweenTime = ContinuousClock.now
        let rest = try sender.send(steps: firstSteps..<lastStep + 1, samplesPerSecond: rate)
        let after = usage()
        let ended = ContinuousClock.now
        if let acknowledged {
            let samplesBySource = progress.samplesBySource
            try JSONEncoder().encode(samplesBySource).write(to: URL(fileURLWithPath: acknowledged))
            report.add("samples acknowledged", Double(samplesBySource.reduce(0, +)), "")
            try report.write(to: self.report.json)
            return
        }

        report.add("samples per second", Double(file.sampleCount) / ((ended - began) / .seconds(1)), "1/s")
        if rest.samples > 0 {
            report.add(
                "samples per second, series known", Double(rest.samples) / ((ended - betweenTime) / .seconds(1)), "1/s")
        }
        let latencies = rest.latencies.isEmpty ? first.latencies : rest.latencies
        report.add("request p50", latencies.percentile(0.5) * 1000, "ms")
        report.add("request p99", latencies.percentile(0.99) * 1000, "ms")
        report.add("requests sent again (429, 503)", Double(first.retries + rest.retries), "")
        if let before, let between, let after {
            let all = after.cpuSeconds - before.cpuSeconds
            report.add("server CPU-seconds per million", all / Double(file.sampleCount) * 1e6, "s")
            if rest.samples > 0 {
                let known = (after.cpuSeconds - between.cpuSeconds) / Double(rest.samples)
                report.add("server CPU-seconds per million, series known", known * 1e6, "s")
                let new = between.cpuSeconds - before.cpuSeconds - known * Double(first.samples)
                // The kernel counts in ticks of 10 ms: with few series the difference would be noise.
                if file.seriesCount >= 10_000 {
                    report.add("server CPU per new series", new / Double(file.seriesCount) * 1e6, "µs")
                }
            }
            for (share, residentBytes) in progress.marks {
                report.add("server memory at \(share) %", residentBytes / 1e6, "MB")
            }
            report.add("server peak memory", after.peakResidentBytes / 1e6, "MB")
        }
        try report.write(to: self.report.json)
    }
}
