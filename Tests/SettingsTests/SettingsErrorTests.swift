import Foundation
import Testing

@testable import Settings

@Suite struct SettingsErrorTests {
    private func problems(
        _ text: String? = nil, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws -> [String] {
        let folder = try SettingsFolder()
        let path = try text.map { try folder.file($0) }
        do {
            _ = try HeliographSettings.load(file: path, environment: environment, flags: flags)
            return []
        } catch {
            #expect(error.description == error.problems.map(\.description).joined(separator: "\n"))
            return error.problems.map { $0.description.replacing(folder.url.path + "/", with: "") }
        }
    }

    @Test func allProblemsOfAllSourcesAreReportedTogether() throws {
        let found = try problems(
            """
            ingest:
              max_body_byte: 5
              max_records: many
            listne: localhost:80
            """, environment: ["HELIOGRAPH_QUERY_MAXSERIES": "1", "HELIOGRAPH_DEMO": "perhaps"],
            flags: ["query.threads": "-1", "nonsense": "1"])
        #expect(
            found == [
                "heliograph.yaml:2:3: there is no setting ingest.max_body_byte; "
                    + "the nearest one is ingest.max_body_bytes",
                "heliograph.yaml:3:3: ingest.max_records: expected a whole number from 1 to 100000000, found \"many\"",
                "heliograph.yaml:4:1: there is no setting listne; the nearest one is listen",
                "environment variable HELIOGRAPH_DEMO: demo: expected true or false, found \"perhaps\"",
                "environment variable HELIOGRAPH_QUERY_MAXSERIES: there is no setting HELIOGRAPH_QUERY_MAXSERIES; "
                    + "the nearest one is HELIOGRAPH_QUERY_MAX_SERIES",
                found[5],
                "command line: query.threads: expected a whole number from 0 to 1024, found \"-1\"",
            ])
        #expect(found[5].hasPrefix("command line: there is no setting nonsense; the nearest one is "))
    }

    @Test func aKeyWithoutItsGroupOrWithAMistypedOneIsRecognised() throws {
        #expect(try problems("max_body_bytes: 1").first?.hasSuffix("nearest one is ingest.max_body_bytes") == true)
        #expect(
            try problems("ingset:\n  max_series: 1") == [
                "heliograph.yaml:2:3: there is no setting ingset.max_series; the nearest one is ingest.max_series"
            ])
    }

    @Test func valuesOfTheWrongShapeAreNamed() throws {
        let found = try problems(
            """
            listen:
              host: localhost
            alerts:
              rule_files: [a, [b]]
              webhooks: [ftp://x, 5]
            ingest: 5
            head: [1]
            query: {}
            demo:
            """)
        #expect(
            found == [
                "heliograph.yaml:6:1: ingest is a group of settings: expected them indented below it, found \"5\"",
                "heliograph.yaml:7:1: head is a group of settings: expected them indented below it, found a list",
                "heliograph.yaml:8:1: query is a group of settings: expected them indented below it, found a mapping",
                "heliograph.yaml:1:1: listen: expected host:port, such as 127.0.0.1:8040 or [::1]:8040, "
                    + "found a mapping",
                "heliograph.yaml:4:3: alerts.rule_files: expected a list of paths, found a list",
                "heliograph.yaml:5:3: alerts.webhooks: expected a list of http:// or https:// addresses, found a list",
                "heliograph.yaml:9:1: demo: expected true or false, found nothing",
            ])
    }

    @Test func theSameSettingTwiceIsAProblem() throws {
        let found = try problems("query.threads: 1\nquery:\n  threads: 2")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("heliograph.yaml:3:3: query.threads is already set at ") == true)
        let twice = try problems("demo: true\ndemo: false")
        #expect(twice.first?.contains("the key demo stands twice") == true)
    }

    @Test func brokenFilesDoNotHideOtherProblems() throws {
        let found = try problems("query: [1\nlisten: x", environment: ["HELIOGRAPH_DEMO": "x"])
        #expect(found.count == 2)
        #expect(found[0].hasPrefix("heliograph.yaml:2:7: this is not valid YAML: "))
        #expect(try problems("- a\n- b") == ["heliograph.yaml:1:1: expected settings as `name: value`, found a list"])
        #expect(try problems("? [a]\n: b").count == 1)
        let deep = String(repeating: "{a: ", count: 5000) + "1"
        #expect(try problems(deep).count == 1)
    }

    @Test func filesThatCannotBeReadAreNamed() throws {
        let folder = try SettingsFolder()
        let missing = folder.url.appending(path: "none.yaml").path
        let large = try folder.file(String(repeating: "#\n", count: 1 << 20), name: "large.yaml")
        let binary = folder.url.appending(path: "binary.yaml")
        try Data([0xFF, 0xFE, 0xFD]).write(to: binary)
        for path in [missing, folder.url.path, large, binary.path] {
            let error = #expect(throws: SettingsError.self) {
                try HeliographSettings.load(file: path, environment: [:], flags: [:])
            }
            #expect(error?.problems.count == 1)
            #expect(error?.description.hasPrefix("\(path): the settings file cannot be read: ") == true)
        }
    }

    @Test func aWrongSecretIsNotRepeated() throws {
        let found = try problems(environment: ["HELIOGRAPH_ALERTS_WEBHOOKS": "hooks.example/SECRET"])
        #expect(found.count == 1 && !found[0].contains("SECRET"))
    }
}
