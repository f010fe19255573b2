import ArgumentParser
import NIOHTTP1

struct DeadLettersEditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Give a dead letter another payload.",
        discussion: """
            Without --payload or --file, the payload is opened in $VISUAL or $EDITOR. The first payload is kept beside the new one.
            """)

    @OptionGroup var server: ServerOption

    @Argument(help: "Its id.")
    var id: Int64

    @Option(help: "The new payload.")
    var payload: String?

    @Option(help: "A file that holds the new payload, - for standard input.")
    var file: String?

    @Flag(help: "Replay it at once.")
    var replay = false

    func validate() throws {
        guard payload == nil || file == nil else { throw ValidationError("give either --payload or --file") }
    }

    func run() async throws {
        let server = server.server
        guard let edited = try await content(server) else {
            print("\(id): nothing was changed")
            return
        }
        guard replay else {
            _ = try await server.ask(.PUT, "/api/v1/dead-letters/\(id)", [], body: edited)
            print("\(id): edited")
            return
        }
        let answer = try await server.ask(.POST, "/api/v1/dead-letters/\(id)/replay", [], body: edited)
        let outcome: DeadLetterAnswer.Outcome = try DeadLetterAnswer.data(answer)
        print(outcome.line)
        if outcome.outcome != "replayed" { throw ExitCode.failure }
    }

    /// Nil if somebody left it as it was.
    private func content(_ server: RunningServer) async throws -> [UInt8]? {
        if let payload { return Array(payload.utf8) }
        if let file { return try StandardStreams.read(file) }
        let answer = try await server.ask(.GET, "/api/v1/dead-letters/\(id)", [])
        let letter: DeadLetterAnswer.Letter = try DeadLetterAnswer.data(answer)
        let edited = try TextEditor().edit(letter.bytes, named: "dead-letter-\(id)")
        return edited == letter.bytes ? nil : edited
    }
}
