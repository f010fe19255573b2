import HTTPTypes
import HummingbirdTesting
import NIOCore
import NativeHistograms
import TelemetryModel
import Testing
import TimeSeriesStore
import WireFormats

@testable import QueryAPI

@Suite struct ExportRouteTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "b", "source_id": "s1"], [(now, 1.5), (now + 1000, .nan), (now + 2000, 2)])
        store.add(["__name__": "a", "source_id": "s2", "zone": "x"], [(now + 500, 0.1)])
        store.add(["__name__": "a", "source_id": "s1"], [(now, -0.0)])
        store.add(["__name__": "ALERTS", "alertname": "A"], [(now, 1), (now + 1000, 1)])
        return store
    }

    private let all = """
        {"timestamp":"2026-01-01T00:00:00.000Z","source_id":"s1","metric_name":"a","metric_value":-0.0}
        {"timestamp":"2026-01-01T00:00:00.500Z","source_id":"s2","metric_name":"a","metric_value":0.1,"tags":{"zone":"x"}}
        {"timestamp":"2026-01-01T00:00:00.000Z","source_id":"s1","metric_name":"b","metric_value":1.5}
        {"timestamp":"2026-01-01T00:00:02.000Z","source_id":"s1","metric_name":"b","metric_value":2}

        """

    @Test func writesEverySeriesInOrder() async throws {
        let answer = try await ask(store, "/api/v1/export")
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "application/x-ndjson")
        #expect(answer.body == all)
    }

    @Test func theSummarySaysWhatWasLeftOut() async throws {
        let answer = try await ask(store, "/api/v1/export?summary=true")
        #expect(
            answer.body == all + ##"# {"series":3,"samples":4,"left_out":{"no_source_id":2,"non_finite":1}}"## + "\n")
        let trailers = try await application(environment(store)).test(.router) { client in
            try await client.execute(uri: "/api/v1/export", method: .get) { $0.trailerHeaders }
        }
        let name = try #require(ExportRoute.summaryTrailer)
        #expect(
            trailers?[name] == #"{"series":3,"samples":4,"left_out":{"no_source_id":2,"non_finite":1}}"#)
    }

    @Test func csvHasAHeader() async throws {
        let answer = try await ask(store, "/api/v1/export?format=csv&match[]=a")
        #expect(answer.headers[.contentType]?.hasPrefix("text/csv") == true)
        #expect(
            answer.body == "timestamp,source_id,metric_name,metric_value,severity,tags\r\n"
                + "2026-01-01T00:00:00.000Z,s1,a,-0.0,,\r\n"
                + "2026-01-01T00:00:00.500Z,s2,a,0.1,,\"{\"\"zone\"\":\"\"x\"\"}\"\r\n")
    }

    @Test func selectsByAnyOfTheSelectorsAndByTime() async throws {
        let lines = all.split(separator: "\n").map(String.init)
        func exported(_ query: String) async throws -> [String] {
            try await ask(store, "/api/v1/export?\(query)").body.split(separator: "\n").map(String.init)
        }
        #expect(try await exported("match[]=a%7Bzone=%22x%22%7D&match[]=b") == [lines[1], lines[2], lines[3]])
        #expect(try await exported("match[]=%7Bsource_id=~%22s.%22%7D&start=1767225600.5&end=1767225601") == [lines[1]])
        #expect(try await exported("match[]=nothing") == [])
    }

    @Test func refusesWithAStatus() async throws {
        expectError(try await ask(store, "/api/v1/export?format=xml"), 400, "bad_data", "ndjson or csv")
        expectError(try await ask(store, "/api/v1/export?match[]=a%7B"), 400, "bad_data", "match[]")
        expectError(try await ask(store, "/api/v1/export?start=2&end=1"), 400, "bad_data", "before start")
        expectError(try await ask(store, "/api/v1/export?summary=maybe"), 400, "bad_data", "true or false")
    }

    /// What is too much for one read is read in parts: series by series, then half of the time by half of the time.
    @Test func aSmallBudgetGivesTheSame() async throws {
        var store = store
        store.add(
            ["__name__": "c", "source_id": "s1"], (0..<50).map { (now + Int64($0) * 7, Double($0)) })
        let whole = try await ask(store, "/api/v1/export?summary=true").body
        for samples in [1, 2, 3, 10, 49] {
            var limits = QueryLimits()
            limits.samples = samples
            #expect(try await ask(store, "/api/v1/export?summary=true", limits: limits).body == whole)
        }
    }

    /// A record has a number; what has none is counted, once, also in a series of histograms only.
    @Test func histogramsAreLeftOutAndCounted() {
        let histograms = HistogramColumns(
            timestamps: [now, now + 1], histograms: [NativeHistogram(), NativeHistogram()])
        let numbers = SampleColumns(timestamps: [now + 2, now + 3], values: [1, 2])
        let series = [("a", SampleColumns()), ("b", numbers)].map { name, samples in
            SelectedSeries(
                labels: LabelSet(["__name__": name, "source_id": "s"]), samples: samples, histograms: histograms)
        }
        var position = ExportPosition()
        var leftOut = 0
        var samples = 0
        while position.series < series.count {
            let piece = ExportPiece(series, from: position, format: .ndjson, maximumBytes: 1)
            position = piece.end
            leftOut += piece.leftOut[.histogram] ?? 0
            samples += piece.samples
        }
        #expect(leftOut == 4 && samples == 2)
    }

    @Test func piecesJoinToTheWhole() {
        let series = ["a", "b", "c"].map { name in
            SelectedSeries(
                labels: LabelSet(["__name__": name, "source_id": "s"]),
                samples: SampleColumns(
                    timestamps: (0..<40).map { now + $0 }, values: (0..<40).map { $0 % 7 == 3 ? .nan : Double($0) }))
        }
        let whole = ExportPiece(series, from: ExportPosition(), format: .ndjson, maximumBytes: 1 << 20)
        #expect(whole.end == ExportPosition(series: 3) && whole.samples == 102 && whole.leftOut == [.nonFinite: 18])
        for maximumBytes in [1, 100, 1000, 5000] {
            var bytes: [UInt8] = []
            var position = ExportPosition()
            var samples = 0
            while position.series < series.count {
                let piece = ExportPiece(series, from: position, format: .ndjson, maximumBytes: maximumBytes)
                #expect(piece.bytes.count < maximumBytes + 200)
                bytes += piece.bytes
                samples += piece.samples
                position = piece.end
            }
            #expect(bytes == whole.bytes && samples == whole.samples)
        }
    }
}
