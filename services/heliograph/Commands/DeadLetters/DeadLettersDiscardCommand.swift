import ArgumentParser
import NIOCore
import NIOHTTP1

struct DeadLettersDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Delete dead letters for good; they stay counted.")

    @OptionGroup var server: ServerOption
    @OptionGroup var filter: DeadLetterOptions

    @Argument(help: "Ids; none for those that the filter names.")
    var ids: [Int64] = []

    @Flag(help: "All that wait.")
    var all = false

    func validate() throws { try DeadLetterChoice.check(ids: ids, filter: filter, all: all, verb: "discard") }

    func run() async throws {
        let server = server.server
        for id in ids { _ = try await server.ask(.DELETE, "/api/v1/dead-letters/\(id)", []) }
        guard ids.isEmpty else {
            print("\(ids.count) discarded")
            return
        }
        let answer = try await server.ask(
            .DELETE, "/api/v1/dead-letters", filter.parameters + (all ? [("all", "true")] : []), timeout: .minutes(30))
        print("\(try DeadLetterAnswer.data(answer, as: DeadLetterAnswer.Discarded.self).discarded) discarded")
    }
}
