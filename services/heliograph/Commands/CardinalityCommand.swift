import ArgumentParser
import NIOHTTP1

struct CardinalityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cardinality",
        abstract: "Print where a running server's series are, what of the budgets is used, and what grew.")

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "Series that began within this time count as new, as in 30m or 24h; at most 48h.")
    var since = "1h"

    @Option(help: "Lines of each table.")
    var limit = 10

    @Option(help: "table or json.")
    var format = "table"

    func validate() throws {
        guard ["table", "json"].contains(format) else {
            throw ValidationError("--format: expected table or json, got \"\(format)\"")
        }
    }

    func run() async throws {
        let answer = try await RunningServer(url: url).ask(
            .GET, "/api/v1/cardinality", [("since", since), ("limit", "\(limit)"), ("format", format)])
        print(answer, terminator: answer.hasSuffix("\n") ? "" : "\n")
    }
}
