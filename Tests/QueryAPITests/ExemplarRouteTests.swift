import HTTPTypes
import TelemetryModel
import Testing
import TimeSeriesStore

@testable import QueryAPI

/// `/api/v1/query_exemplars`
@Suite struct ExemplarRouteTests {
    private static let bucket = #"{"__name__":"d_bucket","le":"1"}"#
    private static let counter = #"{"__name__":"r_total","job":"a"}"#
    private static let one = #"{"labels":{"trace_id":"t1"},"value":"0.25","timestamp":1767225599.500}"#
    private static let two = #"{"labels":{},"value":"+Inf","timestamp":1767225600}"#
    private static let three = #"{"labels":{"a":"\"ü","b":"2"},"value":"1e-07","timestamp":1767225600.001}"#

    private var store: MemoryStore {
        func exemplar(_ labels: KeyValuePairs<String, String>, _ value: Double, _ time: Int64) -> Exemplar {
            Exemplar(labels: LabelSet(labels), value: value, timestamp: now + time)
        }
        var store = MemoryStore()
        store.add(
            ["__name__": "r_total", "job": "a"], exemplars: [exemplar(["a": "\"ü", "b": "2"], 1e-7, 1)])
        store.add(
            ["__name__": "d_bucket", "le": "1"],
            exemplars: [exemplar(["trace_id": "t1"], 0.25, -500), exemplar([:], .infinity, 0)])
        return store
    }

    private func series(_ labels: String, _ exemplars: String...) -> String {
        #"{"seriesLabels":\#(labels),"exemplars":[\#(exemplars.joined(separator: ","))]}"#
    }

    private func data(_ query: String, _ more: String = "") async throws -> String {
        let answer = try await ask(store, "/api/v1/query_exemplars", form: "query=\(query)\(more)")
        #expect(answer.status == .ok)
        return answer.data
    }

    @Test func everySelectorOfAQueryIsAsked() async throws {
        let both = "[\(series(Self.bucket, Self.one, Self.two)),\(series(Self.counter, Self.three))]"
        // As the panel of a dashboard asks.
        let quantile =
            "histogram_quantile(0.9, sum by (le) (rate(d_bucket{le!=\"\"}[5m] offset 1h))) / (r_total @ 5 %2B -r_total)"
        #expect(try await data(quantile) == both)
        #expect(try await data("max_over_time((d_bucket or r_total)[1h:1m])") == both)
        #expect(try await data("{__name__=~\"d_.*\"}") == "[\(series(Self.bucket, Self.one, Self.two))]")
        #expect(try await data("r_total{job!=\"a\"}") == "[]")
        #expect(try await data("info(r_total, {data=~\".*\", __name__=\"r_total\"})").contains("r_total"))
        let get = try await ask(store, "/api/v1/query_exemplars?query=r_total")
        #expect(get.data == "[\(series(Self.counter, Self.three))]")
    }

    @Test func bothEndsOfTheRangeBelongToIt() async throws {
        let end = now / 1000
        #expect(
            try await data("d_bucket", "&start=\(end)&end=\(end)") == "[\(series(Self.bucket, Self.two))]")
        #expect(
            try await data("d_bucket or r_total", "&start=\(end - 1)&end=\(Double(end) - 0.5)")
                == "[\(series(Self.bucket, Self.one))]")
        #expect(try await data("d_bucket", "&end=1") == "[]")
    }

    /// What selects nothing has no exemplars, and not those of every series.
    @Test func aQueryWithoutSelectorsHasNone() async throws {
        #expect(try await data("1 %2B time()") == "[]")
    }

    @Test func mistakesAreNamed() async throws {
        for (parameters, message) in [
            ("query=", "got nothing"), ("query=up%2B", "invalid parameter \\\"query\\\""),
            ("query=%7B%7D", "at least one matcher"), ("query=up%7Ba=~%22(%22%7D", "invalid parameter \\\"query\\\""),
            ("query=up&start=2&end=1", "end timestamp must not be before start timestamp"),
            ("query=up&start=x", "invalid parameter \\\"start\\\""),
        ] {
            expectError(try await ask(store, "/api/v1/query_exemplars?" + parameters), 400, "bad_data", message)
        }
        var limits = QueryLimits()
        limits.samples = 1
        let answer = try await ask(store, "/api/v1/query_exemplars?query=d_bucket", limits: limits)
        expectError(answer, 422, "execution", "more than 1 samples")
    }
}
