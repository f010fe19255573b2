import ArgumentParser

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, look at, mend, replay and discard the refused records of a running server.",
        discussion: """
            What there is, and why:
              heliograph dead-letters list
            Mend one in $EDITOR and replay it:
              heliograph dead-letters edit 17 --replay
            After ingest.max_series was raised:
              heliograph dead-letters replay --reason series_limit
            """,
        subcommands: [
            DeadLettersListCommand.self, DeadLettersShowCommand.self, DeadLettersEditCommand.self,
            DeadLettersReplayCommand.self, DeadLettersDiscardCommand.self,
        ])
}

/// Which server is asked.
struct ServerOption: ParsableArguments {
    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    var server: RunningServer { RunningServer(url: url) }
}

/// Which letters are meant.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only those with this reason, such as wrong_type.")
    var reason: String?

    @Option(help: "Only those of this source_id.")
    var source: String?

    @Option(name: .customLong("protocol"), help: "Only those that came by this protocol, such as contract or otlp.")
    var ingestProtocol: String?

    @Option(help: "Only those that came at this time or later, as RFC 3339 or seconds since 1970.")
    var from: String?

    @Option(help: "Only those that came at this time or before.")
    var to: String?

    var parameters: [(name: String, value: String)] {
        [("reason", reason), ("source", source), ("protocol", ingestProtocol), ("from", from), ("to", to)]
            .compactMap { name, value in value.map { (name, $0) } }
    }
}
