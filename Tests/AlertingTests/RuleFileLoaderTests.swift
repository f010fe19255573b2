import AlertRules
import Foundation
import PromQLEngine
import TelemetryModel
import Testing

@testable import Alerting

struct RuleFileLoaderTests {
    static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test func findsFilesByPatternEachOnce() async throws {
        try await Harness.withFolder { folder in
            for name in ["b.yml", "a.yml", "c.txt"] {
                try Self.write("groups: [{name: \(name)}]", "\(folder)/\(name)")
            }
            let files = try RuleFileLoader.load(["\(folder)/*.yml", "\(folder)/a.yml", "\(folder)/none-*.yml"])
            #expect(files.map { $0.groups[0].name } == ["a.yml", "b.yml"])
        }
    }

    @Test func saysWhatIsMissingOrBroken() async throws {
        try await Harness.withFolder { folder in
            #expect(throws: RuleLoadingError.missing("\(folder)/none.yml")) {
                try RuleFileLoader.load(["\(folder)/none.yml"])
            }
            try Self.write("groups: [{nam: a}]", "\(folder)/a.yml")
            try Self.write("rules: []\n\n", "\(folder)/b.yml")
            let error = #expect(throws: RuleLoadingError.self) { try RuleFileLoader.load(["\(folder)/?.yml"]) }
            let lines = (error?.description ?? "").split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("\(folder)/a.yml:1:11: a group has no key `nam`") })
            #expect(lines.contains { $0.hasPrefix("\(folder)/b.yml:1:1: the rule file has no key `rules`") })
            try Data([0x67, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: "\(folder)/c.yml"))
            let notText = #expect(throws: RuleLoadingError.self) { try RuleFileLoader.load(["\(folder)/c.yml"]) }
            #expect(notText?.description.contains("UTF-8") == true)
        }
    }

    /// The example in the repository must always load.
    @Test func exampleRulesLoad() throws {
        var folder = URL(fileURLWithPath: #filePath)
        let path = "infra/rules/example.rules.yml"
        repeat {
            folder.deleteLastPathComponent()
        } while folder.path.count > 1 && !FileManager.default.fileExists(atPath: folder.appending(path: path).path)
        let files = try RuleFileLoader.load([folder.appending(path: path).path])
        #expect(files.flatMap(\.groups).flatMap(\.rules).count >= 8)
    }

    @Test func valuesOfQueriesBecomeSamples() throws {
        let labels = LabelSet(["a": "b"])
        let vector = QueryValue.vector([VectorSample(labels: labels, timestamp: 1, value: 2)])
        #expect(try RuleEvaluator.samples(of: QueryResult(value: vector)) == [RuleSample(labels, 2)])
        let scalar = QueryResult(value: .scalar(timestamp: 1, value: 3))
        #expect(try RuleEvaluator.samples(of: scalar) == [RuleSample(.empty, 3)])
        #expect(throws: RuleEvaluator.UnusableResult.self) {
            try RuleEvaluator.samples(of: QueryResult(value: .string(timestamp: 1, value: "x")))
        }
        #expect(throws: RuleEvaluator.UnusableResult.self) {
            try RuleEvaluator.samples(of: QueryResult(value: .matrix([])))
        }
    }

    @Test func fingerprintsAreAlertmanagers() {
        #expect(Fingerprint.of(.empty) == "cbf29ce484222325", "the offset basis: nothing was hashed")
        #expect(Fingerprint.hex(1) == "0000000000000001")
        let name = WebhookReceiver(url: "https://hooks.example/secret").name
        #expect(name.hasPrefix("hooks.example-") && !name.contains("secret"))
        #expect(name != WebhookReceiver(url: "https://hooks.example/other").name)
    }
}
