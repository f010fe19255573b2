import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import IngestLog
import IngestionAPI
import Logging
import NIOCore
import Processor
import Settings
import TestSupport
import Testing
import WireFormats

@testable import heliograph

/// What senders of OTLP are answered, in both encodings.
@Suite struct OTLPRouteTests {
    private struct Answer {
        let status: Int
        let body: [UInt8]
        let headers: HTTPFields

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The fields of a message: numbers as they are, everything else as text.
        func fields(in range: Range<Int>? = nil) throws -> [Int: String] {
            var fields: [Int: String] = [:]
            var reader = ProtobufReader(body, in: range)
            while let (number, value) = try reader.next() {
                switch value {
                case .varint(let integer): fields[number] = "\(integer)"
                case .bytes(let content): fields[number] = String(decoding: body[content], as: UTF8.self)
                case .fixed32, .fixed64: fields[number] = "?"
                }
            }
            return fields
        }

        /// The message in field 1.
        func inner() throws -> [Int: String] {
            var reader = ProtobufReader(body)
            guard case .bytes(let content)? = try reader.next()?.value else { return [:] }
            return try fields(in: content)
        }
    }

    private struct Sender {
        let client: any TestClientProtocol
        let platform: Platform

        func send(
            _ body: [UInt8], _ type: String?, path: String = "/v1/metrics", coding: String? = nil
        ) async throws -> Answer {
            var headers = HTTPFields()
            headers[.contentType] = type
            headers[.contentEncoding] = coding
            return try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: body)) {
                Answer(status: Int($0.status.code), body: Array($0.body.readableBytesView), headers: $0.headers)
            }
        }

        func send(_ text: String, path: String = "/v1/metrics") async throws -> Answer {
            try await send(Array(text.utf8), "application/json; charset=utf-8", path: path)
        }

        var deadLetters: [String] {
            get throws { try platform.log.deadLetters(DeadLetterSelection()).map(\.reason) }
        }
    }

    /// - Parameter isBehind: true while the log is behind.
    private func withRoutes(
        isBehind: Bool = false, maximumBodyBytes: Int = 10_000, maximumRecords: Int = 10,
        _ body: @Sendable (Sender) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        var settings = HeliographSettings()
        settings.data.dir = folder.path
        settings.ingest.maxRecords = maximumRecords
        let platform = try Platform(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        platform.processor.start()
        let router = Router(context: AppContext.self)
        addIngestionRoutes(
            to: router,
            environment: IngestionEnvironment(
                decoders: platform.decoders, log: platform.log, metrics: platform.ingestionMetrics,
                maximumBodyBytes: maximumBodyBytes, requestTimeout: .seconds(30), isBehind: { isBehind },
                waitUntilStored: { _ in }),
            work: platform.queryWork)
        do {
            try await Application(router: router).test(.router) {
                try await body(Sender(client: $0, platform: platform))
            }
        } catch {
            try? platform.close()
            throw error
        }
        try platform.close()
    }

    /// One metric with a point for each temporality: 1 is delta, 2 cumulative.
    private static func json(_ temporalities: [Int]) -> String {
        let metrics = temporalities.map {
            #"{"name":"m","sum":{"aggregationTemporality":\#($0),"isMonotonic":true,"dataPoints":[{"timeUnixNano":"#
                + #""1700000000000000000","asInt":"5"}]}}"#
        }
        return #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[\#(metrics.joined(separator: ","))]}]}]}"#
    }

    private static func protobuf(_ temporalities: [Int]) -> [UInt8] {
        var request = ProtobufWriter()
        request.message(1) { resource in
            resource.message(2) { scope in
                for temporality in temporalities {
                    scope.message(2) { metric in
                        metric.string(1, "m")
                        metric.message(7) { sum in
                            sum.message(1) { point in
                                point.double(3, Double(bitPattern: 1_700_000_000_000_000_000))
                                point.double(4, 5)
                            }
                            sum.varint(2, UInt64(temporality))
                            sum.varint(3, 1)
                        }
                    }
                }
            }
        }
        return request.bytes
    }

    @Test func whatIsTakenIsAnsweredWithNothing() async throws {
        try await withRoutes { sender in
            for path in ["/v1/metrics", "/api/v1/otlp/v1/metrics"] {
                let json = try await sender.send(Self.json([2]), path: path)
                #expect(json.status == 200 && json.text == "{}")
                #expect(json.headers[.contentType] == "application/json; charset=utf-8")
                let protobuf = try await sender.send(Self.protobuf([2, 2]), "application/x-protobuf", path: path)
                #expect(protobuf.status == 200 && protobuf.body.isEmpty)
                #expect(protobuf.headers[.contentType] == "application/x-protobuf")
            }
            let zipped = try GzipDeflater().whole(Self.protobuf([2]).span)
            #expect(try await sender.send(zipped, "application/x-protobuf", coding: "gzip").status == 200)
            #expect(try await sender.send([], "application/x-protobuf").status == 200)
            #expect(try sender.deadLetters.isEmpty)
            #expect(sender.platform.log.readTotals { received, _ in received }.values.reduce(0, +) == 7)
        }
    }

    @Test func whatIsRefusedIsAPartialSuccess() async throws {
        try await withRoutes { sender in
            let json = try await sender.send(Self.json([1, 2, 1]))
            #expect(json.status == 200)
            #expect(
                json.text.hasPrefix(
                    #"{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"2 of 3 points were refused"#))
            let protobuf = try await sender.send(Self.protobuf([2, 1]), "application/x-protobuf")
            let partial = try protobuf.inner()
            #expect(protobuf.status == 200 && partial[1] == "1")
            #expect(partial[2]?.contains("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative") == true)
            #expect(try sender.deadLetters == Array(repeating: "unsupported_temporality", count: 3))
        }
    }

    @Test func whatIsNoMessageIsKeptAndNotToBeSentAgain() async throws {
        try await withRoutes { sender in
            let protobuf = try await sender.send([0xFF], "application/x-protobuf")
            #expect(protobuf.status == 400)
            #expect(try protobuf.fields()[1] == "3")
            #expect(try protobuf.fields()[2]?.contains("protobuf") == true)
            let json = try await sender.send("[")
            #expect(json.status == 400 && json.text.hasPrefix(#"{"code":3,"message":"The body is not"#))
            #expect(try sender.deadLetters == ["invalid_message", "invalid_message"])
            #expect(try await sender.send([1, 2], "application/x-protobuf", coding: "gzip").status == 400)
            #expect(try await sender.send([], "text/plain").status == 415)
            #expect(try await sender.send([], nil).status == 415)
            #expect(try await sender.send([], "application/x-protobuf", coding: "br").status == 415)
            let large = try await sender.send([UInt8](repeating: 0, count: 10_001), "application/x-protobuf")
            #expect(large.status == 413)
            #expect(try large.fields()[1] == "8")
            #expect(try await sender.send(Self.json([Int](repeating: 2, count: 11))).status == 413)
            #expect(try sender.deadLetters.count == 2)
        }
    }

    @Test func whatMayBeSentAgainIsToldWhen() async throws {
        try await withRoutes(isBehind: true) { sender in
            let answer = try await sender.send(Self.protobuf([2]), "application/x-protobuf")
            #expect(answer.status == 429 && answer.headers[.retryAfter] == "1")
            #expect(try answer.fields()[1] == "8")
        }
        try await withRoutes { sender in
            sender.platform.log.stopAccepting()
            let answer = try await sender.send(Self.json([2]))
            #expect(answer.status == 503 && answer.headers[.retryAfter] == "5")
            #expect(answer.text.hasPrefix(#"{"code":14,"#))
        }
    }
}
