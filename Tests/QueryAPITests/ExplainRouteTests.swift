import Foundation
import HTTPTypes
import Testing

@testable import QueryAPI

@Suite struct ExplainRouteTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        for host in ["a", "b"] {
            store.add(
                ["__name__": "load", "host": host], (0..<60).map { (now - 3_600_000 + Int64($0) * 60_000, Double($0)) })
        }
        return store
    }

    private struct Envelope: Decodable {
        struct Data: Decodable {
            let resultType: String
            let explain: Explanation?
        }

        let data: Data
    }

    private struct Explanation: Decodable {
        let samples: Int
        let memoryBytes: Int
        let plan: Node
    }

    private struct Node: Decodable {
        let expression: String
        let kind: String
        let notes: [String]
        let selection: Selection?
        let evaluations: Int
        let steps: Int
        let series: Int?
        let samples: Int
        let ownMs: Double
        let totalMs: Double
        let childrenOmitted: Int?
        let children: [Node]
    }

    private struct Selection: Decodable {
        let matchers: [String]
        let start: Double
        let end: Double
        let newestSampleOnly: Bool
        let statisticsAllowed: Bool
        let reads: Int
        let series: Int
        let samples: Int
        let statistics: Int
        let statisticsSamples: Int
    }

    private func explanation(_ answer: Answer) throws -> Explanation? {
        #expect(answer.status == .ok, "\(answer.body)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Envelope.self, from: Data(answer.body.utf8)).data.explain
    }

    @Test func thePlanStandsBesideTheResult() async throws {
        let parameters = "query=sum(rate(load%5B5m%5D))&start=\(now / 1000 - 600)&end=\(now / 1000)&step=60"
        let plain = try await ask(store, "/api/v1/query_range?\(parameters)")
        #expect(try explanation(plain) == nil && !plain.body.contains("explain"))
        for answer in [
            try await ask(store, "/api/v1/query_range?\(parameters)&explain=1"),
            try await ask(store, "/api/v1/query_range", form: parameters + "&explain=true"),
        ] {
            // Up to the end of `data`; remarks stand behind it.
            #expect(answer.body.hasPrefix(plain.body.components(separatedBy: "},\"infos\"")[0]))
            let explained = try #require(try explanation(answer))
            #expect(explained.samples > 0 && explained.memoryBytes > 0)
            let (sum, rate) = (explained.plan, explained.plan.children[0])
            #expect(sum.kind == "aggregation" && sum.series == 1 && sum.steps == 11 && rate.series == 2)
            #expect(sum.evaluations == 1 && rate.evaluations == 1 && sum.childrenOmitted == nil)
            #expect(sum.totalMs >= rate.totalMs && sum.ownMs >= 0)
            let selector = rate.children[0]
            #expect(selector.kind == "matrix selector" && selector.expression == "load[5m]")
            let selection = try #require(selector.selection)
            #expect(selection.matchers == ["__name__=\"load\""] && selection.series == 2)
            #expect(selection.end == Double(now / 1000) && selection.start == Double(now - 899_999) / 1000)
            #expect(!selection.newestSampleOnly && !selection.statisticsAllowed)
            // A sample a minute of each series, 14 of which are in the range.
            #expect(selection.reads == 1 && selection.samples == 28 && selection.samples == selector.samples)
            #expect(selection.statistics == 0 && selection.statisticsSamples == 0)
        }
    }

    @Test func instantQueriesAreExplained() async throws {
        for uri in ["/api/v1/query?query=load%20@%200%20%2B%20load&explain=1", "/api/v1/query?query=1&explain=1"] {
            let explained = try #require(try explanation(try await ask(store, uri)))
            #expect(explained.plan.steps == 1)
        }
        let both = try await ask(store, "/api/v1/query?query=load&explain=1&stats=all")
        #expect(try explanation(both) != nil && both.body.contains("\"stats\""))
        #expect(try explanation(try await ask(store, "/api/v1/query?query=load&explain=0")) == nil)
        expectError(
            try await ask(store, "/api/v1/query?query=load&explain=maybe"), 400, "bad_data",
            "invalid parameter \\\"explain\\\": expected true or false, got \\\"maybe\\\"")
    }

    @Test func statisticsThatStoodForSamplesAreCounted() async throws {
        var summarising = store
        summarising.summarises = true
        let uri = "/api/v1/query?query=avg_over_time(load%5B2h%5D)&explain=1"
        let selector = try #require(try explanation(try await ask(summarising, uri))).plan.children[0]
        let selection = try #require(selector.selection)
        #expect(selection.statisticsAllowed && selection.statistics == 2 && selection.statisticsSamples == 120)
        #expect(selection.reads == 1 && selection.series == 2 && selection.samples == 0)
    }

    @Test func whatIsLeftOutIsCounted() async throws {
        let arguments = String(repeating: ",\"i\"", count: 3000)
        let explained = try #require(
            try explanation(
                try await ask(store, "/api/v1/query", form: "query=label_join(load,\"j\",\",\"\(arguments))&explain=1"))
        )
        let omitted = try #require(explained.plan.childrenOmitted)
        #expect(omitted > 0 && explained.plan.children.count + omitted == 3003)
    }

    /// Readers of JSON give up at some depth.
    @Test func plansOfDeepQueriesCanBeRead() async throws {
        let chain = "load" + String(repeating: "%20%2B%20load", count: 290)
        let explained = try #require(
            try explanation(try await ask(store, "/api/v1/query", form: "query=\(chain)&explain=1")))
        #expect(explained.plan.kind == "binary operation")
    }
}
