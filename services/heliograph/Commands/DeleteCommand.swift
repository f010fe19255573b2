import ArgumentParser
import Foundation
import NIOCore
import NIOHTTP1

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete samples and events of a running server, for good, and print the receipts.",
        discussion: """
            All of a test environment:
              heliograph delete --match '{env="test"}'
            What one source sent within an hour:
              heliograph delete --match '{source_id="pump-7"}' --from 2026-05-04T03:00:00Z --to 2026-05-04T04:00:00Z
            Records that arrive later are kept, whatever their time.
            """)

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "Selector of the series; may be given several times.")
    var match: [String] = []

    @Flag(help: "Every series there is.")
    var all = false

    @Option(help: "First moment, as RFC 3339 or seconds since 1970; from the beginning if missing.")
    var from: String?

    @Option(help: "Last moment, inclusive; to the end if missing.")
    var to: String?

    @Option(help: "text or json.")
    var format = "text"

    func validate() throws {
        guard ["text", "json"].contains(format) else {
            throw ValidationError("--format: expected text or json, got \"\(format)\"")
        }
        guard all != !match.isEmpty else {
            throw ValidationError(
                all
                    ? "--all deletes every series: leave --match out, or --all"
                    : "name the series with --match, or give --all")
        }
    }

    func run() async throws {
        var parameters = match.map { (name: "match[]", value: $0) }
        if all { parameters.append(("all", "true")) }
        if let from { parameters.append(("start", from)) }
        if let to { parameters.append(("end", to)) }
        // A large delete waits for blocks to be read.
        let answer = try await RunningServer(url: url).ask(.DELETE, "/api/v1/series", parameters, timeout: .minutes(30))
        guard format == "text" else {
            print(answer)
            return
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let receipts = try? decoder.decode(Answer.self, from: Data(answer.utf8)).data else {
            throw CommandFailure("\(url) answered something else than a receipt: \(answer)")
        }
        for receipt in receipts.deletions {
            print(
                """
                receipt \(receipt.id), \(receipt.createdAt): deleted \(receipt.samples) samples of \(receipt.selector)
                  from \(receipt.from ?? "the beginning") through \(receipt.through ?? "the end")
                """)
        }
    }

    private struct Answer: Decodable {
        struct Receipts: Decodable { let deletions: [Receipt] }
        struct Receipt: Decodable {
            let id: Int64
            let createdAt: String
            let selector: String
            let from: String?
            let through: String?
            let samples: Int
        }

        let data: Receipts
    }
}
