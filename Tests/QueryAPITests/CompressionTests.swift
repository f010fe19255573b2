import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TimeSeriesStore
import WireFormats

@testable import HTTPSupport
@testable import QueryAPI

@Suite struct CompressionTests {
    @Test(arguments: [
        ("gzip", true), ("GZIP;q=0.5, br", true), ("*", true), ("br, *;q=0.1", true), ("", false), ("br", false),
        ("gzip;q=0", false), ("*;q=0", false), ("gzip;q=0, *", false), ("*, gzip;q=0", false), ("*;q=0, gzip", true),
        ("identity, gzip; q=1.0", true),
    ])
    func codings(header: String, takesGzip: Bool) {
        #expect(CompressionMiddleware.takesGzip(header) == takesGzip, "\(header)")
    }

    private func answer(series: Int, _ headers: HTTPFields) async throws -> TestResponse {
        var store = MemoryStore()
        for index in 0..<series { store.add(["__name__": "m", "i": "\(index)"], [(now, 1)]) }
        return try await application(environment(store)).test(.router) { client in
            try await client.execute(uri: "/api/v1/series?match[]=m", method: .get, headers: headers) { $0 }
        }
    }

    /// The compressor of one answer serves the next.
    @Test func aWholeAnswerHasItsLength() async throws {
        let plain = try await answer(series: 500, [:])
        #expect(plain.headers[.contentEncoding] == nil)
        for _ in 0..<3 {
            let packed = try await answer(series: 500, [.acceptEncoding: "gzip"])
            #expect(packed.headers[.contentEncoding] == "gzip" && packed.headers[.vary] == "Accept-Encoding")
            #expect(packed.headers[.contentLength] == "\(packed.body.readableBytes)")
            let body = try ContentDecoding.gunzip(Array(buffer: packed.body).span, limit: 1 << 20)
            #expect(body == Array(buffer: plain.body))
        }
    }

    @Test func aLargeAnswerIsCompressedInPieces() async throws {
        let plain = try await answer(series: 5000, [:])
        let packed = try await answer(series: 5000, [.acceptEncoding: "gzip"])
        #expect(packed.headers[.contentEncoding] == "gzip" && packed.headers[.contentLength] == nil)
        let body = try ContentDecoding.gunzip(Array(buffer: packed.body).span, limit: 1 << 20)
        #expect(body == Array(buffer: plain.body))
    }
}
