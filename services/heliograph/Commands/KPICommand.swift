import ArgumentParser
import NIOHTTP1

struct KPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpi",
        abstract: "Print the key figures of a running server: uptime, error rate, latency, throughput.")

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "Length of the window that ends now, as in 5m, 1h or 7d.")
    var window = "1h"

    @Option(help: "One source only.")
    var source: String?

    @Option(help: "table or json.")
    var format = "table"

    func validate() throws {
        guard ["table", "json"].contains(format) else {
            throw ValidationError("--format: expected table or json, got \"\(format)\"")
        }
    }

    func run() async throws {
        var parameters = [(name: "window", value: window), (name: "format", value: format)]
        if let source { parameters.append(("source", source)) }
        print(try await RunningServer(url: url).ask(.GET, "/api/v1/kpis", parameters))
    }
}
