import Testing
import TimeSeriesStore

@testable import Settings

@Suite struct RetentionRuleTests {
    private func rules(_ flags: [String: String]) throws -> [RetentionRule] {
        try HeliographSettings.load(file: nil, environment: [:], flags: flags).retention.rules.list
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try rules(["retention.rules": text])
            return "no problem"
        } catch {
            return "\(error)"
        }
    }

    @Test func oneDurationHoldsForEverythingAndThreeForATierEach() throws {
        let rules = try rules(["retention.rules": #" 7d {env="test"} ;30d/90d/0   up{job="a;b",x='c;'}; 0 slo:x"#])
        #expect(rules.map(\.raw) == [.seconds(7 * 86400), .seconds(30 * 86400), .zero])
        #expect(rules.map(\.rollup5m) == [.seconds(7 * 86400), .seconds(90 * 86400), .zero])
        #expect(rules.map(\.rollup1h) == [.seconds(7 * 86400), .zero, .zero])
        #expect(rules.map(\.selector) == [#"{env="test"}"#, #"up{job="a;b",x='c;'}"#, "slo:x"])
        #expect(rules[0].matchers == [LabelMatcher("env", .equal("test"))])
        #expect(Set(rules[1].matchers.map(\.name)) == ["__name__", "job", "x"])
    }

    @Test func aFileHasThemAsAListWithoutQuotes() throws {
        let folder = try SettingsFolder()
        let path = try folder.file(
            """
            retention:
              raw: 30d
              rules:
                - 7d {__name__=~"debug_.*", env!="prod"}
                - 2d/0/0 up
            """)
        let settings = try HeliographSettings.load(file: path, environment: [:], flags: [:])
        #expect(settings.retention.raw == .seconds(30 * 86400))
        #expect(
            settings.retention.rules.list.map(\.text) == [#"7d {__name__=~"debug_.*", env!="prod"}"#, "2d/0s/0s up"])
    }

    @Test func whatIsWrittenIsReadAsTheSame() throws {
        let first = try rules(["retention.rules": #"7d {a="b;c"};1h/2h/3h up{x=~`\d;`}"#])
        let text = RetentionRules(first).settingText
        #expect(try rules(["retention.rules": text]) == first)
    }

    @Test(arguments: [
        (#"7d {env="test""#, "rule 1: the selector"), (#"{env="test"}"#, "is neither a duration"),
        ("7d", "the selector"), ("7d/1h up", "is neither a duration"), (#"7d up; 1x up"#, "rule 2"),
        (#"7d {a=~"("}"#, "invalid regular expression"), ("7d {}", "at least one matcher"),
    ])
    func whatIsWrongIsNamed(text: String, words: String) {
        let problem = problem(text)
        #expect(problem.contains("retention.rules: expected a list of rules"), "\(problem)")
        #expect(problem.contains(words), "\(problem)")
    }
}
