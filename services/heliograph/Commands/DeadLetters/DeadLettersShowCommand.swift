import ArgumentParser
import NIOHTTP1

struct DeadLettersShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print one dead letter with its payload.")

    @OptionGroup var server: ServerOption

    @Argument(help: "Its id.")
    var id: Int64

    @Flag(help: "Print the payload only, byte for byte.")
    var payload = false

    @Option(help: "text or json.")
    var format = "text"

    func validate() throws {
        guard ["text", "json"].contains(format) else {
            throw ValidationError("--format: expected text or json, got \"\(format)\"")
        }
    }

    func run() async throws {
        let answer = try await server.server.ask(.GET, "/api/v1/dead-letters/\(id)", [])
        if format == "json", !payload {
            print(answer)
            return
        }
        let letter: DeadLetterAnswer.Letter = try DeadLetterAnswer.data(answer)
        if payload {
            StandardStreams.write(letter.bytes)
            return
        }
        var lines = [
            ("id", "\(letter.id)"), ("received at", letter.receivedAt), ("protocol", letter.protocol),
            ("source_id", letter.sourceId ?? "-"), ("state", letter.state), ("reason", letter.reason),
            ("field", letter.field ?? "-"), ("message", letter.message), ("replayed", "\(letter.attempts) times"),
        ]
        if !letter.parameters.isEmpty { lines.append(("parameters", letter.parameters)) }
        lines.append(("payload", letter.payload ?? "base64: \(letter.payloadBase64 ?? "")"))
        if let original = letter.original ?? letter.originalBase64.map({ "base64: \($0)" }) {
            lines.append(("original", original))
        }
        for (name, value) in lines {
            print("\(name)\(String(repeating: " ", count: 12 - name.count))\(value.printable)")
        }
    }
}
