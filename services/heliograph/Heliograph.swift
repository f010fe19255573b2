import ArgumentParser
import EmbeddedStore
import TimeSeriesStore

/// The one executable: all roles in one process, and the tools.
@main
struct Heliograph: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "heliograph",
        abstract: "Telemetry in, answers out: ingestion, storage, PromQL, dashboards and alerts in one binary.",
        discussion: """
            Start with:  heliograph run --demo
            and open http://127.0.0.1:8040 in a browser.
            """,
        version: version,
        subcommands: [
            RunCommand.self, QueryCommand.self, ProduceCommand.self, KPICommand.self, CardinalityCommand.self,
            DeleteCommand.self, DeadLettersCommand.self,
            ExportCommand.self, ImportCommand.self, BackupCommand.self, RestoreCommand.self, VerifyCommand.self,
            TokenCommand.self, PipelineCommand.self, CheckConfigCommand.self, ScrapeCommand.self,
        ])

    static func main() async {
        AllocatorPolicy.keepFreed()
        SQLiteSettings.apply()
        await main(nil)
    }
}
