import HTTPTypes
import HummingbirdTesting
import NIOCore
import Synchronization
import TelemetryModel
import Testing
import TimeSeriesStore

@testable import QueryAPI

@Suite struct FederationTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "b", "source_id": "s\"1\"\n"], [(now - 1000, 1.5)])
        store.add(["__name__": "a_total", "instance": "h:1", "z": "1"], [(now - 300_000, 1), (now, 1e21)])
        store.add(["__name__": "a_total", "a": "0"], [(now - 299_999, .nan)])
        store.add(["__name__": "gone"], [(now - 2000, 1), (now - 1000, Double(bitPattern: 0x7ff0_0000_0000_0002))])
        store.add(["__name__": "old"], [(now - 300_000, 1)])
        store.add(["__name__": "later"], [(now + 1, 1)])
        store.add(["__name__": "temperature.°C", "room.no": "2"], [(now, 21)])
        return store
    }

    @Test func newestSamplesInOrder() async throws {
        let answer = try await ask(store, "/federate?match[]=%7B__name__=~%22a_total|b|gone|old|later%22%7D&match[]=b")
        #expect(answer.headers[.contentType]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(
            answer.body == #"""
                # TYPE a_total untyped
                a_total{a="0",instance=""} NaN \#(now - 299_999)
                a_total{instance="h:1",z="1"} 1e+21 \#(now)
                # TYPE b untyped
                b{source_id="s\"1\"\n",instance=""} 1.5 \#(now - 1000)

                """#)
        #expect(try await ask(store, "/federate").body.isEmpty)
        expectError(try await ask(store, "/federate?match[]=%7B%7D"), 400, "bad_data", "match[]")
    }

    @Test func whatIsKnownOfAMetricIsSaid() async throws {
        let environment = environment(store)
        for (family, type, help) in [
            ("a", MetricType.counter, "All \\ \"of\"\nthem"), ("b", .gauge, ""), ("temperature.°C", .histogram, "Warm"),
        ] {
            environment.metadata.restore(FamilyMetadata(family, MetricMetadata(type: type, help: help)), lastSeen: 1)
        }
        let body = try await ask(environment, "/federate?match[]=%7B__name__=~%22a_total|b|temperature.*%22%7D").body
        #expect(
            body.split(separator: "\n").filter { $0.hasPrefix("#") } == [
                #"# HELP a_total All \\ "of"\nthem"#, "# TYPE a_total counter", "# TYPE b gauge",
                "# HELP temperature__C Warm", "# TYPE temperature__C untyped",
            ])
    }

    @Test func onlyTheNewestSamplesAreRead() async throws {
        let selections = Mutex<[Bool]>([])
        var watched = store
        watched.onSelection = { selection in selections.withLock { $0.append(selection.isNewestEnough) } }
        #expect(try await ask(watched, "/federate?match[]=b").body.contains("b{"))
        #expect(selections.withLock { $0 } == [true])
    }

    @Test func namesOfAnyCharacters() async throws {
        let uri = "/federate?match[]=%7B%22temperature.%C2%B0C%22%7D"
        #expect(
            try await ask(store, uri).body
                == "# TYPE temperature__C untyped\ntemperature__C{room_no=\"2\",instance=\"\"} 21 \(now)\n")
        let quoted = try await application(environment(store)).test(.router) { client in
            try await client.execute(
                uri: uri, method: .get, headers: [.accept: "text/plain;version=1.0.0;escaping=allow-utf-8"]
            ) { $0 }
        }
        #expect(quoted.headers[.contentType]?.contains("escaping=allow-utf-8") == true)
        #expect(
            String(buffer: quoted.body) == "# TYPE \"temperature.°C\" untyped\n"
                + "{\"temperature.°C\",\"room.no\"=\"2\",instance=\"\"} 21 \(now)\n")
    }
}
