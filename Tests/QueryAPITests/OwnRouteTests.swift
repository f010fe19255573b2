import HTTPTypes
import TelemetryModel
import Testing
import TimeSeriesStore

@testable import QueryAPI

@Suite struct OwnRouteTests {
    @Test func kpis() async throws {
        var store = MemoryStore()
        store.add(
            ["__name__": "request_latency_ms", "source_id": "a"], (1...60).map { (now - 60_000 * (60 - $0), 12.5) })
        let answer = try await ask(store, "/api/v1/kpis?window=1h&source=a")
        #expect(
            answer.data.hasPrefix(
                #"{"window_seconds":3600,"from":"2025-12-31T23:00:00.000Z","through":"2026-01-01T00:00:00.000Z","#
                    + #""sources":{"known":1,"up":1},"kpis":[{"name":"uptime","title":"Uptime","#))
        #expect(answer.data.contains(#""unit":"ratio","overall":1,"by_source":[{"source_id":"a","value":1}]}"#))
        #expect(answer.data.contains(#""unit":"ms","overall":12.5,"by_source":[{"source_id":"a","value":12.5}]}"#))
        #expect(answer.data.contains(#""unit":"ratio","overall":null,"by_source":[]}"#))
        let table = try await ask(store, "/api/v1/kpis?format=table")
        #expect(table.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(
            table.body.hasPrefix("Key figures from 2025-12-31T23:00:00Z to 2026-01-01T00:00:00Z; 1 of 1 sources up"))
        let earlier = try await ask(store, "/api/v1/kpis?window=60&time=2026-01-01T00:30:00Z")
        #expect(earlier.data.contains(#""window_seconds":60,"from":"2026-01-01T00:29:00.000Z""#))
        #expect(earlier.data.contains(#""sources":{"known":0,"up":0}"#))
    }

    private func event(_ age: Int64, _ source: String, severity: String? = nil, message: String? = nil)
        -> OperationalEvent
    {
        var labels = [
            Label("__name__", "valve_open"), Label("source_id", source), Label("region", "north"),
        ]
        if let severity { labels.append(Label("severity", severity)) }
        return OperationalEvent(timestamp: now - age, labels: LabelSet(labels), value: 1.5, message: message)
    }

    private var events: MemoryStore {
        var store = MemoryStore()
        store.add(event(2000, "a", severity: "warning"))
        store.add(event(1, "b", message: "Said \"Stop\""))
        store.add(event(86_400_001, "a", severity: "critical", message: "old"))
        return store
    }

    @Test func eventsAreNewestFirst() async throws {
        let newest =
            #"{"timestamp":"2025-12-31T23:59:59.999Z","timestamp_ms":1767225599999,"#
            + #""source_id":"b","metric_name":"valve_open","metric_value":1.5,"#
            + #""severity":null,"message":"Said \"Stop\"","tags":{"region":"north"}}"#
        let older =
            #"{"timestamp":"2025-12-31T23:59:58.000Z","timestamp_ms":1767225598000,"#
            + #""source_id":"a","metric_name":"valve_open","metric_value":1.5,"#
            + #""severity":"warning","message":null,"tags":{"region":"north"}}"#
        #expect(try await ask(events, "/api/v1/events").data == "[\(newest),\(older)]", "one day back")
        #expect(try await ask(events, "/api/v1/events?limit=1").data == "[\(newest)]")
        #expect(try await ask(events, "/api/v1/events?source=a").data == "[\(older)]")
        #expect(try await ask(events, "/api/v1/events?q=stop").data == "[\(newest)]")
        #expect(
            try await ask(events, "/api/v1/events?severity=info&from=\(now / 1000 - 9)&to=\(now / 1000 - 1)").data
                == "[\(older)]")
        #expect(try await ask(events, "/api/v1/events?from=0&severity=error").data.contains(#""message":"old""#))
    }
}
