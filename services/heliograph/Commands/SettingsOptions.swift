import ArgumentParser
import Foundation
import Settings

/// Where settings come from on the command line; shared by the commands that read them.
struct SettingsOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "YAML file with settings.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any setting by its dotted key, as in query.timeout=30s; may be given several times. Stronger than the file "
                + "and the environment.", valueName: "key=value"))
    var assignments: [String] = []

    /// - Parameter flags: settings that have a flag of their own.
    func load(
        flags: [String: String] = [:], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> HeliographSettings {
        var all = flags
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw ValidationError("--set: expected key=value, got \"\(assignment)\"")
            }
            all[String(parts[0])] = String(parts[1])
        }
        do {
            return try HeliographSettings.load(
                file: config, environment: environment, flags: all)
        } catch {
            throw CommandFailure(error.description)
        }
    }
}
