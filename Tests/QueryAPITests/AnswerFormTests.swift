import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NativeHistograms
import PromQLEngine
import TelemetryModel
import Testing
import TimeSeriesStore
import WireFormats

@testable import QueryAPI

/// Statistics, pieces, compression, pages of other sites, bounds.
@Suite struct AnswerFormTests {
    private let seconds = now / 1000

    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "a", "source_id": "x"], (0..<10).map { (now - 60_000 * (9 - $0), Double($0)) })
        store.add(["__name__": "a", "source_id": "y"], [(now - 60_000, 5), (now, 6)])
        return store
    }

    private func request(
        _ uri: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:], store: MemoryStore? = nil
    ) async throws -> TestResponse {
        try await application(environment(store ?? self.store)).test(.router) { client in
            try await client.execute(uri: uri, method: method, headers: headers) { $0 }
        }
    }

    @Test func statistics() async throws {
        let range = "start=\(seconds - 120)&end=\(seconds)&step=60"
        let counted = try await ask(
            store, "/api/v1/query_range?query=sum(a)%2Bsum(rate(a%5B2m%5D))&stats=all&\(range)")
        // Per step: both series (look-back), and the samples of each window of two minutes.
        #expect(
            counted.data.contains(
                #""totalQueryableSamplesPerStep":[[1767225480,3],[1767225540,5],[1767225600,6]],"totalQueryableSamples":14,"#
            ), "\(counted.data)")
        #expect(counted.data.contains(#""stats":{"timings":{"evalTotalTime":"#))
        let brief = try await ask(store, "/api/v1/query?query=a&stats=true")
        #expect(brief.data.contains(#""samples":{"totalQueryableSamples":2,"peakSamples":"#), "\(brief.data)")
        #expect(!brief.data.contains("PerStep"))
        #expect(try await !ask(store, "/api/v1/query?query=a").data.contains("stats"))
        let windows = try await ask(store, "/api/v1/query?query=max_over_time(count(a)%5B5m:1m%5D)&stats=all")
        #expect(windows.data.contains(#"PerStep":[[1767225600,5]]"#), "\(windows.data)")
    }

    /// What the statistics need is not taken from what the query may use.
    @Test func statisticsHaveLimitsOfTheirOwn() async throws {
        var limits = QueryLimits()
        limits.samples = try await samplesCharged("sum(a)%2Bsum(rate(a%5B2m%5D))")
        let range = "start=\(seconds - 120)&end=\(seconds)&step=60"
        let uri = "/api/v1/query_range?query=sum(a)%2Bsum(rate(a%5B2m%5D))&\(range)"
        let plain = try await ask(store, uri, limits: limits)
        #expect(plain.status == .ok)
        let counted = try await ask(store, uri + "&stats=all", limits: limits)
        #expect(counted.status == .ok && counted.data.contains(#""totalQueryableSamples":14,"#), "\(counted.body)")
    }

    private func samplesCharged(_ query: String) async throws -> Int {
        let range = "start=\(seconds - 120)&end=\(seconds)&step=60"
        let answer = try await ask(store, "/api/v1/query_range?query=\(query)&\(range)&stats=true")
        let peak = try #require(answer.data.firstRange(of: #""peakSamples":"#))
        return try #require(Int(answer.data[peak.upperBound...].prefix { $0.isNumber }))
    }

    /// A result of many pieces is the same text as the whole.
    @Test func piecesJoinToTheWhole() throws {
        let series = (0..<40).map { index in
            MatrixSeries(
                labels: LabelSet(["__name__": "m", "i": "\(index)"]),
                samples: SampleColumns(
                    timestamps: (0..<1000).map { now + Int64($0) * 1500 },
                    values: (0..<1000).map { Double($0 * (index + 1)) / 7 }))
        }
        var writer = ResultWriter(QueryResult(value: .matrix(series)))
        var text = ""
        var pieces = 0
        while !writer.isDone {
            var piece = AnswerWriter()
            writer.writePiece(to: &piece)
            #expect(piece.text.count <= ResultWriter.pieceBytes + 16_384)
            text += String(decoding: piece.text.array, as: UTF8.self)
            pieces += 1
        }
        #expect(pieces > 5)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let data = try #require(json["data"] as? [String: Any])
        let result = try #require(data["result"] as? [[String: Any]])
        #expect(result.count == 40)
        for (index, one) in result.enumerated() {
            let values = try #require(one["values"] as? [[Any]])
            #expect(values.count == 1000)
            #expect(values[999][1] as? String == SampleTextReference.text(Double(999 * (index + 1)) / 7))
            #expect((values[1][0] as? NSNumber)?.doubleValue == Double(now + 1500) / 1000)
        }
    }

    /// Wherever the end of a piece falls: inside of the labels, before the first sample, before the first histogram.
    @Test func aPieceMayEndAnywhere() throws {
        let histogram = NativeHistogram(count: 1, sum: 1)
        let bare = ResultWriter.pieceBytes - 420
        for padding in stride(from: 0, through: 700, by: 9) {
            let series = ["a", "b"].map { name in
                let text = String(repeating: "x", count: name == "a" ? bare + padding : 200)
                return MatrixSeries(
                    labels: LabelSet(["n": name, "padding": text]),
                    samples: SampleColumns(timestamps: [1000, 2000], values: [1, 2]),
                    histograms: HistogramColumns(timestamps: [3000], histograms: [histogram]))
            }
            let bytes = Data(answerBytes(QueryResult(value: .matrix(series))))
            let text = String(decoding: bytes.suffix(900), as: UTF8.self)
            let names = text.components(separatedBy: #""histograms":["#).count - 1
            #expect(names == 2 && text.components(separatedBy: #""values":["#).count - 1 == 2, "\(padding): \(text)")
            #expect((try? JSONSerialization.jsonObject(with: bytes)) != nil, "\(padding)")
        }
    }

    @Test func largeAnswersAreStreamed() async throws {
        var large = MemoryStore()
        for index in 0..<60 {
            large.add(
                ["__name__": "m", "i": "\(index)"], (0..<120).map { (now - 1000 * $0, Double($0) / 3) }.reversed())
        }
        let uri = "/api/v1/query_range?query=m&start=\(seconds - 119)&end=\(seconds)&step=1"
        let plain = try await request(uri, store: large)
        #expect(plain.body.readableBytes > ResultWriter.pieceBytes)
        #expect(plain.headers[.contentLength] == nil)
        let packed = try await request(uri, headers: [.acceptEncoding: "deflate, gzip;q=0.8"], store: large)
        #expect(packed.headers[.contentEncoding] == "gzip" && packed.headers[.contentLength] == nil)
        #expect(packed.body.readableBytes < plain.body.readableBytes / 2)
        let unpacked = try ContentDecoding.gunzip(Array(buffer: packed.body).span, limit: 1 << 24)
        #expect(unpacked == Array(buffer: plain.body))
    }

    @Test(arguments: [
        ("gzip", true), ("deflate, GZIP", true), ("*", true), ("gzip;q=0", false), ("gzip; q=0.5", true),
        ("br, zstd", false), ("", false), ("xgzip", false),
    ])
    func compressionIsNegotiated(header: String, isTaken: Bool) async throws {
        var many = MemoryStore()
        for index in 0..<200 { many.add(["__name__": "m", "i": "\(index)"], [(now, 1)]) }
        let answer = try await request("/api/v1/query?query=m", headers: [.acceptEncoding: header], store: many)
        #expect((answer.headers[.contentEncoding] == "gzip") == isTaken)
        #expect(answer.headers[.vary] == "Accept-Encoding")
        // What fits a packet is left as it is.
        let short = try await request("/api/v1/query?query=1", headers: [.acceptEncoding: header])
        #expect(short.headers[.contentEncoding] == nil)
    }

    @Test func pagesOfOtherSitesMayRead() async throws {
        let origin: HTTPFields = [.origin: "https://grafana.example"]
        let answer = try await request("/api/v1/query?query=1", headers: origin)
        #expect(answer.headers[.accessControlAllowOrigin] == "*")
        #expect(answer.headers[.accessControlAllowMethods] == "GET, POST, OPTIONS")
        #expect(answer.headers[.accessControlExposeHeaders] == "Date")
        let failed = try await request("/api/v1/query?query=(", headers: origin)
        #expect(failed.status == .badRequest && failed.headers[.accessControlAllowOrigin] == "*")
        let preflight = try await request("/api/v1/query_range", method: .options, headers: origin)
        #expect(preflight.status == .noContent && preflight.headers[.accessControlAllowOrigin] == "*")
        #expect(try await request("/api/v1/query?query=1").headers[.accessControlAllowOrigin] == nil)
        for path in ["telemetry", "admin/tsdb/delete_series"] {
            let closed = try await request("/api/v1/" + path, method: .options, headers: origin)
            #expect(closed.headers[.accessControlAllowOrigin] == nil, "\(path)")
        }
    }

    @Test func stepsAndMemoryAreBounded() async throws {
        var limits = QueryLimits()
        limits.steps = 12_345
        let range = "/api/v1/query_range?query=1&start=0&step=1&end="
        #expect(try await ask(store, range + "12345", limits: limits).status == .ok)
        expectError(
            try await ask(store, range + "12346", limits: limits), 400, "bad_data",
            "exceeded maximum resolution of 12,345 points per timeseries")
        limits.memory = 100
        expectError(
            try await ask(store, "/api/v1/query?query=a", limits: limits), 422, "execution",
            "more than 100 bytes of memory; narrow the selector, the range, or raise query.max_memory")
    }

    @Test func timeoutsAreDurationsOrSeconds() async throws {
        for timeout in ["10s", "1m30s", "7", "0.5", "1e1"] {
            #expect(try await ask(store, "/api/v1/query?query=a&timeout=\(timeout)").status == .ok)
        }
    }
}

/// Digits as Swift's library finds them.
private enum SampleTextReference {
    static func text(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : value.description
    }
}
