import ArgumentParser
import EmbeddedStore
import TimeSeriesStore

/// The benchmarks that need the engine's own code or millions of samples a second. One subcommand, one file; a new one is
/// added to the list below.
@main
struct HeliographBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heliograph-bench",
        abstract: "Measures Heliograph's store, and sends the same requests to its peers.",
        subcommands: [
            CodecCommand.self, LogCommand.self, StoreCommand.self, AskCommand.self, NABCommand.self,
            QueriesCommand.self, PrepareCommand.self, SendCommand.self,
        ])

    static func main() {
        AllocatorPolicy.keepFreed()
        SQLiteSettings.apply()
        main(nil)
    }
}
