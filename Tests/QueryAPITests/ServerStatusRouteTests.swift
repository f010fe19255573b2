import Foundation
import HTTPTypes
import TelemetryModel
import Testing

@testable import QueryAPI

@Suite struct ServerStatusRouteTests {
    private let store = MemoryStore()

    @Test(arguments: [
        ("alertmanagers", #"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#),
        ("notifications", "[]"), ("metadata", "{}"),
    ])
    func whatThereIsNothingOfIsEmpty(path: String, data: String) async throws {
        let answer = try await ask(store, "/api/v1/" + path)
        #expect(answer.status == .ok)
        #expect(answer.data == data)
    }

    @Test func parametersOfMetadata() async throws {
        let environment = environment(store)
        let one = MetricMetadata(type: .gaugeHistogram, help: "\"A\"\n", unit: "bytes")
        let newer = MetricMetadata(type: .counter)
        environment.metadata.restore(FamilyMetadata("a", one), lastSeen: 1)
        environment.metadata.restore(FamilyMetadata("a", newer), lastSeen: 2)
        environment.metadata.restore(FamilyMetadata("b", one), lastSeen: 1)
        let text = #"{"type":"gaugehistogram","help":"\"A\"\n","unit":"bytes"}"#
        let newest = #"{"type":"counter","help":"","unit":""}"#
        for (query, data) in [
            ("", #"{"a":[\#(newest),\#(text)],"b":[\#(text)]}"#), ("?metric=b", #"{"b":[\#(text)]}"#),
            ("?metric=none", "{}"), ("?limit=0", "{}"), ("?limit=-1&metric=b", #"{"b":[\#(text)]}"#),
            ("?limit=1&limit_per_metric=1", #"{"a":[\#(newest)]}"#),
            ("?metric=a&limit_per_metric=0&limit=", #"{"a":[\#(newest),\#(text)]}"#),
        ] {
            #expect(try await ask(environment, "/api/v1/metadata" + query).data == data, "\(query)")
        }
        expectError(
            try await ask(environment, "/api/v1/metadata?limit=x"), 400, "bad_data", "limit must be a number")
        expectError(
            try await ask(environment, "/api/v1/metadata?limit_per_metric=1.5"), 400, "bad_data", "must be a number")
    }

    @Test func configurationAndReplay() async throws {
        var environment = environment(store)
        environment.configuration = { "query:\n  timeout: 2m\n" }
        environment.replay = { (3, 7) }
        #expect(
            try await ask(environment, "/api/v1/status/config").data == #"{"yaml":"query:\n  timeout: 2m\n"}"#)
        #expect(
            try await ask(environment, "/api/v1/status/walreplay").data
                == #"{"min":0,"max":7,"current":3,"state":"in progress"}"#)
        environment.replay = { (7, 7) }
        #expect(try await ask(environment, "/api/v1/status/walreplay").data.contains(#""state":"done""#))
    }

    @Test func featuresAreListed() async throws {
        let answer = try await ask(store, "/api/v1/features")
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
        let data = try #require(json["data"] as? [String: [String: Bool]])
        #expect(data["promql_functions"]?["histogram_quantile"] == true)
        #expect(data["api"]?["query_stats"] == true && data["promql"]?["at_modifier"] == true)
        // Clients that find features there take a server for something else than Prometheus.
        #expect(try await !ask(store, "/api/v1/status/buildinfo").body.contains("features"))
    }
}
