import ArgumentParser
import Settings

struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check the settings and print each with its value and where it came from.")

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        print(try settings.load().describe())
    }
}
