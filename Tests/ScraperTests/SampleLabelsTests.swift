import ScrapeConfig
import TelemetryModel
import Testing
import WireFormats

@testable import Scraper

@Suite struct SampleLabelsTests {
    /// A target with the labels `instance="i:1"`, `job="j"` and `a="t"`.
    private func outcome(_ lines: String, _ spelled: [Label]) throws -> SeriesTransform.Outcome {
        let text = """
            scrape_configs:
              - job_name: j
                static_configs: [{targets: ["i:1"], labels: {a: t}}]
                \(lines)
            """
        let job = try #require(try ScrapeConfiguration.read(text, directory: "").jobs.first)
        guard case .fixed(let groups)? = job.discoveries.first,
            case .target(let target) = job.target(groups[0].targets[0], in: groups[0])
        else { throw CancellationError() }
        return SampleLabels(target, job).outcome(spelled)
    }

    private func labels(_ lines: String, _ spelled: [Label]) throws -> LabelSet? {
        guard case .series(let labels) = try outcome(lines, spelled) else { return nil }
        return LabelSet(labels)
    }

    @Test("The target's labels stand; the series' own are renamed until there is room")
    func overriding() throws {
        let made = try labels(
            "",
            [Label("__name__", "m"), Label("a", "own"), Label("exported_a", "x"), Label("job", ""), Label("b", "1")])
        #expect(
            made
                == LabelSet([
                    "__name__": "m", "a": "t", "b": "1", "exported_a": "x", "exported_exported_a": "own",
                    "instance": "i:1",
                    "job": "j",
                ]))
    }

    @Test("Honored labels stand, even empty ones")
    func honoring() throws {
        let made = try labels("honor_labels: true", [Label("__name__", "m"), Label("a", "own"), Label("instance", "")])
        #expect(made == LabelSet(["__name__": "m", "a": "own", "job": "j"]))
    }

    @Test("Rules for samples come last, and drop")
    func rules() throws {
        let rules =
            "metric_relabel_configs: [{source_labels: [a, b], regex: 't;1', action: drop}, {regex: a, action: labeldrop}]"
        #expect(
            try labels(rules, [Label("__name__", "m")]) == LabelSet(["__name__": "m", "instance": "i:1", "job": "j"]))
        guard case .dropped = try outcome(rules, [Label("__name__", "m"), Label("b", "1")]) else {
            Issue.record("it was not dropped")
            return
        }
    }

    @Test(
        "Limits hold for the labels in the end",
        arguments: [
            ("label_limit: 4", true), ("label_limit: 5", false), ("label_name_length_limit: 7", true),
            ("label_name_length_limit: 8", false), ("label_value_length_limit: 5", true),
            ("label_value_length_limit: 6", false),
        ])
    func limits(line: String, isRefused: Bool) throws {
        let found = try outcome(line, [Label("__name__", "metric"), Label("b", "1")])
        let wasRefused = if case .refused = found { true } else { false }
        #expect(wasRefused == isRefused, "\(found)")
    }
}
