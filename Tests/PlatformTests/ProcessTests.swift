import Foundation
import TestSupport
import Testing

/// Tests with real processes: each runs a script of Tests/processes against the built binary, and ends what it starts.
@Suite(.serialized) struct ProcessTests {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// - Returns: the exit code; the script's output goes to this process' own.
    private func run(_ script: String, _ arguments: [String] = []) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [ProcessTests.tests.appendingPathComponent(script).path] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["HELIOGRAPH_BINARY"] = environment["HELIOGRAPH_BINARY"] ?? builtBinary
        process.environment = environment
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The binary beside the test bundle.
    private var builtBinary: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("heliograph")
            .path
    }

    @Test func nothingAcknowledgedIsLostWhenKilled() throws {
        let rounds = ProcessInfo.processInfo.environment["HELIOGRAPH_KILL_ROUNDS"] ?? "6"
        #expect(try run("processes/kill_test.py", [rounds]) == 0)
    }

    @Test func aServerLivesLong() throws {
        #expect(try run("processes/long_life_test.py") == 0)
    }

    @Test func brokenInputGetsAClearAnswer() throws {
        #expect(try run("processes/broken_input_test.py") == 0)
    }

    @Test func whatIsDeletedStaysGoneAndTheRestIsAccountedFor() throws {
        #expect(try run("processes/admin_test.py") == 0)
    }

    @Test func whatIsBackedUpOrExportedComesBack() throws {
        #expect(try run("processes/backup_test.py") == 0)
    }

    @Test func prometheusAndItsClientsAreServed() throws {
        #expect(try run("processes/query_api_test.py") == 0)
    }

    @Test func aPrometheusWritesRemotely() throws {
        #expect(try run("processes/remote_write_test.py") == 0)
    }

    @Test func whatAPrometheusScrapesIsScraped() throws {
        #expect(try run("processes/scrape_test.py") == 0)
    }

    @Test func hostileQueriesTakeNothingDown() throws {
        #expect(try run("processes/hostile_query_test.py") == 0)
    }

    @Test func prometheusClientsCanPush() throws {
        #expect(try run("processes/exposition_test.py") == 0)
    }

    @Test func openTelemetrysClientsAreServed() throws {
        #expect(try run("processes/otlp_test.py") == 0)
    }

    @Test func aNewUsersWayWorks() throws {
        #expect(try run("processes/pipeline_test.py") == 0)
    }

    @Test func everyClientAtOnceThroughKills() throws {
        let seconds = ProcessInfo.processInfo.environment["HELIOGRAPH_SOAK_SECONDS"] ?? "15"
        #expect(try run("processes/soak_test.py", [seconds]) == 0)
    }

    @Test func thePipelinesStagesAreInForce() throws {
        #expect(try run("processes/stages_test.py") == 0)
    }

    @Test func onlyWhoMayIsLetIn() throws {
        #expect(try run("processes/access_test.py") == 0)
    }

    @Test func theDashboardAsksForAToken() throws {
        #expect(try run("browser/sign_in_test.py") == 0)
    }

    @Test func connectionsCanBeEncrypted() throws {
        #expect(try run("processes/tls_test.py") == 0)
    }

    @Test func influxClientsAreServed() throws {
        #expect(try run("processes/line_protocol_test.py") == 0)
    }

    @Test func statsDsAndGraphitesClientsAreServed() throws {
        #expect(try run("processes/line_listeners_test.py") == 0)
    }

    @Test func anOutageOfAReceiverLosesNothing() throws {
        #expect(try run("processes/forward_test.py") == 0)
    }

    @Test func deadLettersAreMendedAndReplayedOnce() throws {
        #expect(try run("processes/dead_letters_test.py") == 0)
    }

    @Test func whatMetricsAreIsKnown() throws {
        #expect(try run("processes/metadata_test.py") == 0)
    }

    @Test func openTelemetrysLogsAreEvents() throws {
        #expect(try run("processes/otlp_logs_test.py") == 0)
    }

    @Test func exemplarsAreKeptAndFound() throws {
        #expect(try run("processes/exemplars_test.py") == 0)
    }

    @Test func differencesAreAddedUpOverKills() throws {
        #expect(try run("processes/otlp_delta_test.py") == 0)
    }
}
