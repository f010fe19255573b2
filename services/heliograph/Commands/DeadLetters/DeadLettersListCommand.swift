import ArgumentParser
import NIOHTTP1

struct DeadLettersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the newest dead letters, and how many there are of each reason.")

    @OptionGroup var server: ServerOption
    @OptionGroup var filter: DeadLetterOptions

    @Option(help: "waiting, replayed or any.")
    var state = "waiting"

    @Option(help: "Letters at the most, up to 1000.")
    var limit = 20

    @Option(help: "text or json.")
    var format = "text"

    func validate() throws {
        guard ["text", "json"].contains(format) else {
            throw ValidationError("--format: expected text or json, got \"\(format)\"")
        }
    }

    func run() async throws {
        let answer = try await server.server.ask(
            .GET, "/api/v1/dead-letters", filter.parameters + [("state", state), ("limit", "\(limit)")])
        guard format == "text" else {
            print(answer)
            return
        }
        let list: DeadLetterAnswer.List = try DeadLetterAnswer.data(answer)
        for letter in list.deadLetters {
            print(
                """
                \(letter.id)  \(letter.receivedAt)  \(letter.protocol)  \((letter.sourceId ?? "-").printable)  \(letter.reason)
                    \(letter.message.printable)
                """)
        }
        for (reason, count) in list.matchingByReason.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            print("\(count)  \(reason)")
        }
        print(
            "\(list.matching) match; of all there ever were, \(list.waiting) wait, \(list.replayed) were replayed, "
                + "\(list.discarded) discarded, and \(list.expired) expired")
    }
}
