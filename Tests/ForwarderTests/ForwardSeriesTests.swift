import IngestLog
import TelemetryModel
import Testing

@testable import Forwarder

/// What a receiver gets of each series.
@Suite struct ForwardSeriesTests {
    private let registry = SeriesRegistry()

    private func forwarded(_ receiver: String, _ labels: [LabelSet]) throws -> [LabelSet?] {
        let receivers = try ForwardFile.receivers(in: "receivers: [{name: r, url: 'http://a', \(receiver)}]")
        var series = ForwardSeries(of: try #require(receivers.first), in: registry)
        let references = try labels.map { try #require(registry.reference(for: $0)) }
        func found() -> [LabelSet?] {
            references.map { series.isWanted($0) ? series.labels(of: $0) : nil }
        }
        let first = found()
        #expect(found() == first, "what is remembered")
        return first
    }

    @Test func selectorsComeBeforeTheRules() throws {
        let found = try forwarded(
            """
            match: ['{site="north"}'], write_relabel_configs: [
              {action: labeldrop, regex: pod},
              {source_labels: [__name__], regex: 'go_.*', action: drop},
              {target_label: cluster, replacement: plant}]
            """,
            [
                LabelSet(["__name__": "up", "site": "north", "pod": "a"]),
                LabelSet(["__name__": "up", "site": "south"]),
                LabelSet(["__name__": "go_threads", "site": "north"]),
            ])
        #expect(found == [LabelSet(["__name__": "up", "site": "north", "cluster": "plant"]), nil, nil])
    }

    @Test func aSeriesWithoutANameIsLeftOut() throws {
        let found = try forwarded(
            "write_relabel_configs: [{action: labeldrop, regex: __name__}]",
            [LabelSet(["__name__": "up", "site": "north"])])
        #expect(found == [nil])
    }

    @Test func withoutBothEverythingGoesAsItIs() throws {
        let labels = LabelSet(["__name__": "up", "site": "north"])
        #expect(try forwarded("from: end", [labels]) == [labels])
    }
}
