import CZstd
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import IngestLog
import SelfMetrics
import TelemetryModel
import TestSupport
import Testing
import WireFormats

@testable import IngestionAPI

/// However a request's bytes are divided on their way, it comes to the same: the same answer, the same records in the log, the
/// same dead letters. Over real connections, for every protocol and every encoding of the content.
@Suite struct BodyDivisionTests {
    private struct Case: Sendable {
        let path: String
        let type: String
        /// Of `DecoderUnderTest`, whose kept inputs are the bodies.
        let body: [UInt8]
        var codings = Coding.allCases
    }

    private enum Coding: String, CaseIterable {
        case identity, gzip, deflate, zstd, snappy

        func encoded(_ body: [UInt8]) throws -> [UInt8] {
            switch self {
            case .identity: return body
            case .gzip: return try GzipDeflater().whole(body.span)
            // Without header and trailer (RFC 1952), what is left is what DEFLATE made.
            case .deflate: return Array(try GzipDeflater().whole(body.span).dropFirst(10).dropLast(8))
            case .snappy: return Snappy.compress(body.span)
            case .zstd:
                var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(body.count))
                let count = ZSTD_compress(&frame, frame.count, body, body.count, 3)
                return Array(frame.prefix(count))
            }
        }
    }

    private static let time = "1700000000000"

    /// Each with records that are taken and such as are refused; with times, so that none depends on when it came.
    private static let cases: [Case] = {
        let records =
            #"{"timestamp":1700000000000,"source_id":"é","metric_name":"m","metric_value":1.5,"message":"x\u00e9"}"#
            + "\n" + #"{"timestamp":1700000000000,"source_id":"a","metric_name":"m"}"# + "\nnot JSON\n"
        let lines =
            "cpu,host=a\\ b usage=1.5,text=\"x\ny\" 1700000000000000000\nbroken\nm f=1e400 1700000000000000000\n"
        let exposition =
            "# TYPE h histogram\nh_bucket{le=\"1\"} 3 \(time)\nbroken{\nh_sum 2.5 \(time)\nm{a=\"\\n\"} NaN \(time)\n"
        let openMetrics =
            "# TYPE c counter\nc_total 3 1700000000 # {a=\"b\"} 1\nc_created 1600000000 1700000000\n# EOF\n"
        let metrics =
            #"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"é"}}]},"#
            + #""scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000","#
            + #""asDouble":1.5},{"timeUnixNano":"18446744073709551615","asInt":"3"}]}}]}]}]}"#
        let logs =
            #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000","severityNumber":17,"#
            + #""body":{"stringValue":"it broke: é"}},{"timeUnixNano":"18446744073709551615"}]}]}]}"#
        var all = [
            Case(path: "/api/v1/telemetry", type: "application/x-ndjson", body: Array(records.utf8)),
            Case(path: "/api/v1/telemetry", type: "application/json", body: Array(records.utf8)),
            Case(
                path: "/api/v1/telemetry", type: "application/json",
                body: Array("[\(records.split(separator: "\n").prefix(2).joined(separator: ","))]".utf8)),
            Case(path: "/write?db=plant", type: "text/plain", body: Array(lines.utf8)),
            Case(path: "/api/v2/write?precision=ns", type: "text/plain", body: Array(lines.utf8)),
            Case(path: "/api/v1/import/prometheus", type: "text/plain", body: Array(exposition.utf8)),
            Case(
                path: "/api/v1/import/prometheus", type: "application/openmetrics-text; version=1.0.0",
                body: Array(openMetrics.utf8)),
            Case(path: "/v1/metrics", type: "application/json", body: Array(metrics.utf8)),
            Case(path: "/v1/logs", type: "application/json", body: Array(logs.utf8)),
            Case(path: "/v1/metrics", type: "application/x-protobuf", body: gauge),
            Case(path: "/v1/logs", type: "application/x-protobuf", body: [0x0A, 0x05, 0x12, 0x03, 0x12, 0x01, 0x08]),
        ]
        // The protocol's own compression is the only one.
        for type in ["", ";proto=io.prometheus.write.v2.Request"] {
            all.append(
                Case(
                    path: "/api/v1/write", type: "application/x-protobuf\(type)",
                    body: type.isEmpty ? firstVersion : secondVersion, codings: [.snappy]))
        }
        return all
    }()

    /// A metric "g" with one point.
    private static let gauge: [UInt8] = {
        var message = ProtobufWriter()
        message.message(1) { resource in
            resource.message(2) { scope in
                scope.message(2) { metric in
                    metric.string(1, "g")
                    metric.message(5) { gauge in
                        gauge.message(1) { point in
                            // Field 3 is fixed64: the bits of a double with the same ones.
                            point.double(3, Double(bitPattern: 1_700_000_000_000_000_000))
                            point.double(4, 1.5)
                        }
                    }
                }
            }
        }
        return message.bytes
    }()

    private static let firstVersion: [UInt8] = {
        var message = ProtobufWriter()
        for (name, time) in [("up", Int64(1_700_000_000_000)), ("down", -5)] {
            message.message(1) { series in
                series.labels(LabelSet(["__name__": name]))
                series.sample(timestamp: time, value: 1.5)
            }
        }
        return message.bytes
    }()

    private static let secondVersion: [UInt8] = {
        var message = ProtobufWriter()
        for symbol in ["", "__name__", "up", "a", "é"] { message.string(4, symbol) }
        for time in [Int64(1_700_000_000_000), -5] {
            message.message(5) { series in
                series.bytes(1, [1, 2, 3, 4])
                series.sample(timestamp: time, value: 1.5)
            }
        }
        return message.bytes
    }()

    /// What a request came to.
    private struct Outcome: Equatable {
        let answer: String
        let records: [String]
        let letters: [String]
    }

    private func outcome(_ writes: [[UInt8]], _ port: Int, _ log: IngestLog) async throws -> Outcome {
        let offset = try log.batches(after: 0, through: .max, limit: .max).last?.offset ?? 0
        let letter = try log.countDeadLetters(DeadLetterSelection()).lastID
        let answer = try await RawRequest.exchange(writes, port: port)
        let records = try log.batches(after: offset, through: .max, limit: .max).flatMap { committed in
            let batch = committed.batch
            return batch.timestamps.indices.map { index in
                "\(log.registry.labels(of: batch.references[index])) \(batch.values[index].bitPattern) "
                    + "\(batch.timestamps[index]) \(batch.messages.first { $0.sampleIndex == index }?.text ?? "")"
            }
        }
        let letters = try log.deadLetters(DeadLetterSelection()).filter { $0.id > letter }
            .sorted { $0.id < $1.id }.map { letter in
                // When it came is a parameter of a line without a time.
                let parameters = letter.parameters.replacing(#/timestamp=\d+/#, with: "timestamp=")
                return "\(letter.reason) \(letter.message) \(letter.payload) \(parameters)"
            }
        return Outcome(
            answer: answer.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("date:") }
                .joined(separator: "\n"),
            records: records, letters: letters)
    }

    private func withServer(
        requestTimeout: Duration = .seconds(60),
        _ body: @Sendable @escaping (_ port: Int, IngestLog) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        let router = Router(context: AppContext.self)
        addIngestionRoutes(
            to: router,
            environment: IngestionEnvironment(
                decoders: IngestionDecoders(registry: log.registry, maximumRecords: 1000), log: log,
                metrics: IngestionMetrics(MetricsRegistry()), maximumBodyBytes: 1 << 20,
                requestTimeout: requestTimeout, isBehind: { false }, waitUntilStored: { _ in }),
            work: BlockingWork(label: "test", width: 1))
        try await Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0))
        ).test(.live) { client in
            try await body(try #require(client.port), log)
        }
        try log.close()
        withExtendedLifetime(folder) {}
    }

    @Test func anyDivisionComesToTheSame() async throws {
        let seeded = SeededGenerator.seeded("anyDivisionComesToTheSame")
        try await withServer { port, log in
            var random = seeded
            var taken = 0
            for test in Self.cases {
                for coding in test.codings {
                    var request = RawRequest(path: test.path, body: try coding.encoded(test.body))
                    request.headers = [("Content-Type", test.type)]
                    if coding != .identity { request.headers.append(("Content-Encoding", coding.rawValue)) }
                    let whole = try await outcome(request.writes([request.body], .writes), port, log)
                    #expect(!whole.records.isEmpty || !whole.letters.isEmpty, "\(test.path) \(coding): \(whole.answer)")
                    taken += whole.records.count
                    let singles = Array(0..<request.body.count)
                    for division in RawRequest.Division.allCases {
                        for cuts in [singles, random.cuts(request.body.count), random.cuts(request.body.count)] {
                            let divided = try await outcome(
                                request.writes(request.pieces(at: cuts), division), port, log)
                            #expect(divided == whole, "\(test.path) \(test.type) \(coding) \(division) at \(cuts)")
                        }
                    }
                }
            }
            #expect(taken > 40)
        }
    }

    /// A sender that stops in the middle is answered, and nothing of what it sent is taken.
    @Test func aSlowBodyIsCutOff() async throws {
        try await withServer(requestTimeout: .milliseconds(50)) { port, log in
            for test in Self.cases {
                let request = RawRequest(path: test.path, headers: [("Content-Type", test.type)], body: test.body)
                let pieces = request.pieces(at: [test.body.count / 2])
                for division in RawRequest.Division.allCases {
                    let writes = request.writes(pieces, division)
                    let slow = try await outcome(Array(writes.prefix(2)), port, log)
                    #expect(
                        slow.answer.contains("400 Bad Request") && slow.answer.contains("did not come within"),
                        "\(test.path): \(slow.answer)")
                    #expect(slow.records.isEmpty && slow.letters.isEmpty)
                }
            }
        }
    }
}
