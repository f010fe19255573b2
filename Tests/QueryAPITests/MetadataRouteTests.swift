import Testing
import TimeSeriesStore

@testable import QueryAPI

@Suite struct MetadataRouteTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "up", "source_id": "a", "host.name": "h1"], [(now - 1000, 1)])
        store.add(["__name__": "up", "source_id": "b"], [(now - 2000, 1)])
        store.add(["__name__": "down", "source_id": "c"], [(now - 90_000, 1)])
        return store
    }

    @Test func series() async throws {
        let uri = "/api/v1/series?match[]=up%7Bsource_id=%22b%22%7D&match[]=down"
        let down = #"{"__name__":"down","source_id":"c"}"#
        let up = #"{"__name__":"up","source_id":"b"}"#
        #expect(try await ask(store, uri).data == "[\(down),\(up)]")
        #expect(
            try await ask(store, "/api/v1/series", form: "match[]=up%7Bsource_id=%22b%22%7D&match[]=down").data
                == "[\(down),\(up)]")
        #expect(try await ask(store, uri + "&start=\(now / 1000 - 10)").data == "[\(up)]")
        #expect(
            try await ask(store, uri + "&limit=1").body
                == #"{"status":"success","data":[\#(down)],"warnings":["results truncated due to limit"]}"#)
    }

    @Test func labels() async throws {
        #expect(try await ask(store, "/api/v1/labels").data == #"["__name__","host.name","source_id"]"#)
        #expect(try await ask(store, "/api/v1/labels?match[]=down").data == #"["__name__","source_id"]"#)
        #expect(try await ask(store, "/api/v1/labels", form: "match[]=down&limit=1").data.hasPrefix(#"["__name__"]"#))
        #expect(
            try await ask(
                store, "/api/v1/labels?start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z"
            )
            .data == #"["__name__","host.name","source_id"]"#)
    }

    @Test func labelValues() async throws {
        #expect(try await ask(store, "/api/v1/label/__name__/values").data == #"["down","up"]"#)
        #expect(try await ask(store, "/api/v1/label/source_id/values?match[]=up").data == #"["a","b"]"#)
        #expect(try await ask(store, "/api/v1/label/U__host_2e_name/values").data == #"["h1"]"#)
        #expect(try await ask(store, "/api/v1/label/host%2Ename/values").data == #"["h1"]"#)
        #expect(try await ask(store, "/api/v1/label/none/values").data == "[]")
    }

    @Test func whatIsNotStoredIsEmpty() async throws {
        #expect(try await ask(store, "/api/v1/metadata?metric=up").data == "{}")
        #expect(try await ask(store, "/api/v1/query_exemplars?query=up&start=1&end=2").data == "[]")
        #expect(try await ask(store, "/api/v1/query_exemplars", form: "query=up").data == "[]")
    }

    @Test func queriesAreFormatted() async throws {
        #expect(try await ask(store, "/api/v1/format_query?query=sum+by(a)(up)").data == #""sum by (a) (up)""#)
    }

    @Test func status() async throws {
        let build = try await ask(store, "/api/v1/status/buildinfo").body
        #expect(build.contains(#""version":"3.10.0""#) && build.contains(#""heliograph_version":"0.1.0""#))
        let runtime = try await ask(store, "/api/v1/status/runtimeinfo").body
        #expect(runtime.contains(#""startTime":"2026-01-01T00:00:00.000Z""#) && runtime.contains(#""received":7"#))
        let flags = try await ask(store, "/api/v1/status/flags").data
        #expect(flags.hasPrefix(#"{"query.lookback-delta":"5m","query.max-samples":"50000000""#))
        #expect(flags.hasSuffix(#""query.timeout":"2m"}"#))
    }
}
