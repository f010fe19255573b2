import HTTPSupport
import HTTPTypes
import NIOCore
import Synchronization
import Testing
import TimeSeriesStore

@testable import QueryAPI

@Suite struct QueryRouteTests {
    private let seconds = now / 1000

    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(
            ["__name__": "temperature", "source_id": "a", "place": "\"north\"\n"],
            [(now - 60_000, 20.5), (now - 30_000, 21), (now - 500, 1e-7)])
        store.add(["__name__": "temperature", "source_id": "b"], [(now, .infinity)])
        return store
    }

    @Test func aVector() async throws {
        let answer = try await ask(store, "/api/v1/query?query=temperature")
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "application/json; charset=utf-8")
        let first =
            #"{"metric":{"__name__":"temperature","place":"\"north\"\n","source_id":"a"},"value":[1767225600,"1e-07"]}"#
        let second = #"{"metric":{"__name__":"temperature","source_id":"b"},"value":[1767225600,"+Inf"]}"#
        #expect(
            answer.body == #"{"status":"success","data":{"resultType":"vector","result":["#
                + "\(first),\(second)]}}")
    }

    @Test func scalarsStringsAndEmptyVectors() async throws {
        #expect(
            try await ask(store, "/api/v1/query?query=1%2B0.5&time=12.0345").data
                == #"{"resultType":"scalar","result":[12.035,"1.5"]}"#)
        #expect(
            try await ask(store, "/api/v1/query?query=%22x%5C%22y%22&time=2026-01-01T00:00:00Z").data
                == #"{"resultType":"string","result":[1767225600,"x\"y"]}"#)
        #expect(
            try await ask(store, "/api/v1/query?query=absent_metric").data == #"{"resultType":"vector","result":[]}"#)
    }

    @Test(arguments: [
        ("1767225600", "1767225600"), ("1767225600.25", "1767225600.250"), ("1.7672256e9", "1767225600"),
        ("-1.5", "-1.500"),
        ("2026-01-01T00:00:00Z", "1767225600"), ("2026-01-01T01:30:00%2B01:30", "1767225600"),
        ("2025-12-31T19:00:00-05:00", "1767225600"), ("2026-01-01T00:00:00.5Z", "1767225600.500"),
        ("2026-01-01T00:00:00.123456789Z", "1767225600.123"), ("2026-01-01T00:00:00.250%2B00:00", "1767225600.250"),
    ])
    func timesAreSecondsOrRFC3339(text: String, seconds: String) async throws {
        #expect(
            try await ask(store, "/api/v1/query?query=1&time=\(text)").data
                == #"{"resultType":"scalar","result":[\#(seconds),"1"]}"#)
    }

    @Test func aMatrix() async throws {
        let expected =
            #"{"resultType":"matrix","result":[{"metric":"#
            + #"{"__name__":"temperature","place":"\"north\"\n","source_id":"a"},"#
            + #""values":[[1767225540,"20.5"],[1767225570,"21"],[1767225599.500,"1e-07"]]}]}"#
        let query = "temperature%7Bsource_id=%22a%22%7D%5B2m%5D"
        #expect(try await ask(store, "/api/v1/query?query=\(query)").data == expected)
        let range = "start=\(seconds - 60)&end=2026-01-01T00:00:00.000Z&step=30s"
        #expect(
            try await ask(store, "/api/v1/query_range?query=sum(temperature%7Bsource_id=%22a%22%7D)&\(range)").data
                == #"{"resultType":"matrix","result":[{"metric":{},"values":"#
                + #"[[1767225540,"20.5"],[1767225570,"21"],[1767225600,"1e-07"]]}]}"#
        )
    }

    @Test func aPostedFormIsTheSameAsAURL() async throws {
        for form in ["query=sum(temperature)&time=\(seconds - 1)", "time=\(seconds - 1)"] {
            let uri = form.hasPrefix("query") ? "/api/v1/query" : "/api/v1/query?query=sum(temperature)&time=5"
            let answer = try await ask(store, uri, form: form)
            #expect(answer.data == #"{"resultType":"vector","result":[{"metric":{},"value":[1767225599,"21"]}]}"#)
        }
        let other = try await ask(store, "/api/v1/query", form: "{}", contentType: "application/json")
        expectError(
            other, 415, "unsupported_media_type",
            "expected application/x-www-form-urlencoded, got \\\"application/json\\\"")
        var limits = QueryLimits()
        limits.bodyBytes = 10
        expectError(
            try await ask(store, "/api/v1/query", form: "query=temperature", limits: limits), 413, "too_large",
            "larger than 10 bytes")
    }

    @Test(arguments: [
        ("query", "invalid parameter \\\"query\\\": expected a PromQL expression, got nothing"),
        ("query?query=", "got nothing"), ("query?query=sum(", "invalid parameter \\\"query\\\": 1:"),
        (
            "query?query=1&time=yesterday",
            "invalid parameter \\\"time\\\": cannot parse \\\"yesterday\\\" to a valid timestamp"
        ),
        ("query?query=1&time=1e300", "cannot parse"), ("query?query=1&time=nan", "cannot parse"),
        (
            "query?query=1&timeout=soon",
            "invalid parameter \\\"timeout\\\": cannot parse \\\"soon\\\" to a valid duration"
        ),
        ("query?query=1&timeout=-1", "expected a duration above 0"),
        ("query?query=1&lookback_delta=0", "invalid parameter \\\"lookback_delta\\\""),
        ("query?query=1&limit=-1", "invalid parameter \\\"limit\\\": expected a whole number from 0, got \\\"-1\\\""),
        ("query?query=1&time=%zz", "two hexadecimal digits"),
        ("query_range?query=1&end=1&step=1", "invalid parameter \\\"start\\\": expected a time"),
        ("query_range?query=1&start=2&end=1&step=1", "end timestamp must not be before start time"),
        ("query_range?query=1&start=1&end=1", "invalid parameter \\\"step\\\": expected seconds"),
        ("query_range?query=1&start=1&end=1&step=0", "zero or negative query resolution step widths"),
        ("query_range?query=1&start=1&end=1&step=0.0001", "zero or negative query resolution step widths"),
        ("query_range?query=1&start=0&end=11001&step=1", "exceeded maximum resolution of 11,000 points per timeseries"),
        (
            "query_range?query=x[1m]&start=0&end=1&step=1",
            "invalid expression type \\\"range vector\\\" for range query, must be Scalar or instant Vector"
        ),
        ("series", "no match[] parameter provided"), ("series?match[]=%7B%7D", "invalid parameter \\\"match[]\\\""),
        ("series?match[]=up&start=2&end=1", "invalid parameter \\\"end\\\""), ("labels?limit=x", "invalid parameter"),
        ("label/U__a_/values", "invalid label name"),
        ("format_query?query=1%2B", "invalid parameter \\\"query\\\": 1:"),
        ("query_exemplars?query=", "got nothing"),
        ("kpis?window=long", "invalid parameter \\\"window\\\": cannot parse"),
        ("kpis?window=0", "from 1 s to 3650 days"),
        ("kpis?format=xml", "expected json or table, got \\\"xml\\\""),
        (
            "events?limit=1001",
            "invalid parameter \\\"limit\\\": expected a whole number from 1 to 1000, got \\\"1001\\\""
        ),
        ("events?severity=fatal", "one of debug, info, warning, error, critical, got \\\"fatal\\\""),
        ("events?from=2&to=1", "not before \\\"from\\\""), ("events?from=x", "invalid parameter \\\"from\\\""),
    ])
    func badParametersAreNamed(path: String, message: String) async throws {
        expectError(try await ask(store, "/api/v1/" + path), 400, "bad_data", message)
    }

    @Test func aRangeMayHaveElevenThousandSteps() async throws {
        let answer = try await ask(store, "/api/v1/query_range?query=1&start=0&end=11000&step=1")
        #expect(answer.status == .ok)
        #expect(answer.body.hasSuffix(#"[11000,"1"]]}]}}"#))
    }

    @Test func whatFailsWhileEvaluatingIsAnExecutionError() async throws {
        let query = "temperature*on(nothing)temperature"
        expectError(try await ask(store, "/api/v1/query?query=\(query)"), 422, "execution", "")
        var limits = QueryLimits()
        limits.samples = 2
        expectError(
            try await ask(store, "/api/v1/query?query=temperature%5B2m%5D", limits: limits), 422, "execution",
            "more than 2 samples")
    }

    @Test func timeIsLimited() async throws {
        var slow = store
        slow.onRead = { budget in
            while true { try budget.check() }
        }
        let answer = try await ask(slow, "/api/v1/query?query=temperature&timeout=5ms")
        expectError(answer, 503, "timeout", "took longer than")
    }

    @Test func whatTheStoreSaysStaysInside() async throws {
        struct Secret: Error {}
        var broken = store
        broken.onRead = { _ in throw Secret() }
        let answer = try await ask(broken, "/api/v1/query?query=temperature")
        expectError(answer, 500, "internal", "the query failed inside the server")
        #expect(!answer.body.contains("Secret"))
    }

    @Test func limitsTruncateWithAWarning() async throws {
        let answer = try await ask(store, "/api/v1/query?query=temperature&limit=1")
        #expect(answer.body.contains(#""source_id":"a""#) && !answer.body.contains(#""source_id":"b""#))
        #expect(answer.body.hasSuffix(#"]},"warnings":["results truncated due to limit"]}"#))
        #expect(try await !ask(store, "/api/v1/query?query=temperature&limit=2").body.contains("warnings"))
    }

    @Test func remarksTravelWithTheResult() async throws {
        let info = try await ask(store, "/api/v1/query?query=rate(temperature%5B2m%5D)")
        #expect(info.body.contains(#","infos":["PromQL info: "#), "\(info.body)")
        let warning = try await ask(store, "/api/v1/query?query=quantile(2,temperature)")
        #expect(warning.body.contains(#","warnings":["PromQL warning: "#), "\(warning.body)")
    }

    @Test func theLookBackCanBeChosen() async throws {
        let uri = "/api/v1/query?query=temperature%7Bsource_id=%22a%22%7D&time=\(seconds + 10)"
        #expect(try await ask(store, uri).data.contains("1e-07"))
        #expect(try await ask(store, uri + "&lookback_delta=5s").data == #"{"resultType":"vector","result":[]}"#)
    }

    @Test func everyReadAwaitsTheBarrier() async throws {
        let passed = Mutex(0)
        let environment = environment(store, barrier: { passed.withLock { $0 += 1 } })
        let paths = [
            "query?query=1", "query_range?query=1&start=0&end=1&step=1", "series?match[]=temperature", "labels",
            "label/place/values", "kpis", "events",
        ]
        for (index, path) in paths.enumerated() {
            #expect(try await ask(environment, "/api/v1/" + path).status == .ok)
            #expect(passed.withLock { $0 } == index + 1, "\(path)")
        }
    }

    @Test func readsAreRefusedWhenTheBarrierSaysSo() async throws {
        let environment = environment(
            store, barrier: { throw APIError(.unavailable, "the log is being read back: 42 %", retryAfterSeconds: 3) })
        for path in ["query?query=1", "labels", "kpis", "events"] {
            let answer = try await ask(environment, "/api/v1/" + path)
            expectError(answer, 503, "unavailable", "42 %")
            #expect(answer.headers[.retryAfter] == "3")
        }
        // What does not read the store is answered.
        #expect(try await ask(environment, "/api/v1/status/buildinfo").status == .ok)
    }
}
