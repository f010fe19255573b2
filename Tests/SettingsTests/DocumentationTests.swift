import Foundation
import Testing

@testable import Settings

/// The pages and examples that people read list every setting, with its true default.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: DocumentationTests.root.appending(path: path), encoding: .utf8)
    }

    @Test func thePageHasARowForEverySetting() throws {
        let lines = Set(try text("docs/configuration.md").split(separator: "\n").map(String.init))
        for key in SettingKey.all {
            let value = key.defaultText.isEmpty ? "empty" : "`\(key.defaultText)`"
            let row = "| `\(key.name)` | `\(key.environmentName)` | \(value) | \(key.summary) |"
            #expect(lines.contains(row), "docs/configuration.md lacks this line:\n\(row)")
        }
        let rows = lines.filter { $0.hasPrefix("| `") && $0.contains(SettingKey.environmentPrefix) }
        #expect(rows.count == SettingKey.all.count, "docs/configuration.md has rows of settings that do not exist")
    }

    @Test func theExampleFileSetsEverySettingToItsDefault() throws {
        let file = SettingsFile(path: "infra/heliograph.example.yaml", text: try text("infra/heliograph.example.yaml"))
        #expect(file.entries.map(\.key) == SettingKey.all.map(\.name))
        var loading = SettingsLoading()
        loading.take(file)
        #expect(loading.problems.isEmpty)
        #expect(loading.settings == HeliographSettings())
    }

    @Test func theExampleEnvironmentSetsEverySettingToItsDefault() throws {
        var environment: [String: String] = [:]
        for line in try text("infra/local.env.example").split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try #require(parts.count == 2, "\(line)")
            environment[String(parts[0])] = String(parts[1])
        }
        #expect(Set(environment.keys) == Set(SettingKey.all.map(\.environmentName)))
        let settings = try HeliographSettings.load(file: nil, environment: environment, flags: [:])
        #expect(settings == HeliographSettings())
    }

    @Test func namesAreUniqueAndWellFormed() {
        #expect(SettingKey.byName.count == SettingKey.all.count)
        #expect(SettingKey.byEnvironmentName.count == SettingKey.all.count)
        for key in SettingKey.all {
            #expect(key.name.allSatisfy { $0.isLowercase || $0.isWholeNumber || "._".contains($0) })
            #expect(!SettingKey.groups.contains(key.name), "\(key.name) is a setting and a group")
            #expect(key.summary.hasSuffix("."))
            #expect(!ServiceLink.isOne(name: key.environmentName, value: "tcp://x"))
        }
    }
}
