import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import IngestLog
import NIOCore
import SelfMetrics
import TelemetryModel
import TestSupport
import Testing
import WireFormats

@testable import IngestionAPI

/// What clients of InfluxDB are answered when nothing can be taken.
@Suite struct LineProtocolRouteTests {
    private struct Answer {
        let status: HTTPResponse.Status
        let retryAfter: String?
        let body: String
    }

    /// Runs one request over the router.
    private func post(
        _ path: String, isBehind: Bool = false, logIsClosed: Bool = false, coding: String? = nil,
        body: [UInt8] = Array("m f=1".utf8)
    ) async throws -> Answer {
        let headers: HTTPFields = coding.map { [.contentEncoding: $0] } ?? [:]
        let folder = try TemporaryFolder()
        let registry = SeriesRegistry()
        let log = try IngestLog(folder: folder.path, registry: registry)
        if logIsClosed { log.stopAccepting() }
        let router = Router(context: AppContext.self)
        addIngestionRoutes(
            to: router,
            environment: IngestionEnvironment(
                decoders: IngestionDecoders(registry: registry, maximumRecords: 1000), log: log,
                metrics: IngestionMetrics(MetricsRegistry()), maximumBodyBytes: 1 << 20, requestTimeout: .seconds(60),
                isBehind: { isBehind }, waitUntilStored: { _ in }),
            work: BlockingWork(label: "test", width: 1))
        let answer = try await Application(router: router).test(.router) { client in
            try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: body)) {
                response in
                Answer(
                    status: response.status, retryAfter: response.headers[.retryAfter],
                    body: String(buffer: response.body))
            }
        }
        try log.close()
        return answer
    }

    @Test func takesLines() async throws {
        for path in ["/write", "/api/v2/write"] {
            let answer = try await post(path)
            #expect(answer.status == .noContent && answer.body.isEmpty)
        }
    }

    @Test func takesWhatIsCompressed() async throws {
        let zstd: [UInt8] = [
            0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x29, 0x00, 0x00, 0x6d, 0x20, 0x66, 0x3d, 0x31, 0x4f, 0xa0, 0x65, 0x7e,
        ]
        #expect(try await post("/write", coding: "zstd", body: zstd).status == .noContent)
        #expect(try await post("/write", coding: "zstd", body: Array(zstd.dropLast())).status == .badRequest)
        #expect(try await post("/write", coding: "snappy", body: [5, 16] + Array("m f=1".utf8)).status == .noContent)
        #expect(try await post("/write", coding: "zstd").status == .badRequest, "what is not compressed")
        let unknown = try await post("/write", coding: "br")
        #expect(unknown.status == .unsupportedMediaType && unknown.body.contains("zstd, snappy or none"))
    }

    /// Telegraf drops what is answered with 4xx to its output for version 1.
    @Test func aServerThatIsBehindWantsTheRequestAgain() async throws {
        let one = try await post("/write", isBehind: true)
        #expect(
            one.status == .serviceUnavailable && one.retryAfter == "1" && one.body.hasPrefix(#"{"error":"the log is"#))
        let two = try await post("/api/v2/write", isBehind: true)
        #expect(two.status == .tooManyRequests && two.retryAfter == "1")
        #expect(two.body.hasPrefix(#"{"code":"too many requests","message":"the log is"#))
    }

    @Test func aLogThatCannotBeWrittenIs503() async throws {
        let one = try await post("/write", logIsClosed: true)
        #expect(one.status == .serviceUnavailable && one.retryAfter == "5" && one.body.hasPrefix(#"{"error":"#))
        let two = try await post("/api/v2/write", logIsClosed: true)
        #expect(two.status == .serviceUnavailable && two.body.hasPrefix(#"{"code":"unavailable","message":"#))
        let full = LineProtocolFailure(APIError(.storageFull, "full", retryAfterSeconds: 30), .two)
        #expect(full.status == .serviceUnavailable && full.retryAfterSeconds == 30)
    }
}
