import ArgumentParser
import Foundation
import Logging
import Settings

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the platform: ingestion, processing, queries, alerts and dashboard.")

    @Option(help: "Folder for everything durable (data.dir); default ./data.")
    var data: String?

    @Option(help: "Address and port of the HTTP server (listen); default 127.0.0.1:8040, port 0 for any free one.")
    var listen: String?

    @Flag(help: "Let a small simulated fleet send to this server (demo).")
    var demo = false

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        var flags: [String: String] = [:]
        if let data { flags["data.dir"] = data }
        if let listen { flags["listen"] = listen }
        if demo { flags["demo"] = "true" }
        let settings = try options.load(flags: flags)
        try await PlatformRunner(settings: settings, logger: .heliograph(settings.logging)).run()
    }
}
