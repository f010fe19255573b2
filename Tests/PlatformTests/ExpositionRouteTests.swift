import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Processor
import Settings
import TestSupport
import Testing

@testable import heliograph

/// Prometheus' text formats, pushed to a platform of which everything runs but the socket.
@Suite struct ExpositionRouteTests {
    /// Sends requests, each of which is answered when its samples can be queried.
    private struct Sender {
        let client: any TestClientProtocol

        @discardableResult
        func send(
            _ method: HTTPRequest.Method, _ path: String, _ body: String = "", type: String? = nil,
            headers extra: [(String, String)] = []
        ) async throws -> (status: Int, body: String, headers: HTTPFields) {
            var headers = HTTPFields()
            headers[try #require(HTTPField.Name("X-Heliograph-Ack"))] = "stored"
            if let type { headers[.contentType] = type }
            for (name, value) in extra { headers[try #require(HTTPField.Name(name))] = value }
            return try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(string: body))
            {
                (Int($0.status.code), String(buffer: $0.body), $0.headers)
            }
        }

        /// The values of an instant query, by their labels' text without the name, in order.
        func query(_ expression: String, time: String? = nil) async throws -> [String] {
            struct Answer: Decodable {
                struct Data: Decodable { let result: [Series] }
                struct Series: Decodable {
                    let metric: [String: String]
                    let value: [Value]
                }
                enum Value: Decodable {
                    case number(Double)
                    case text(String)
                    init(from decoder: any Decoder) throws {
                        let container = try decoder.singleValueContainer()
                        if let text = try? container.decode(String.self) {
                            self = .text(text)
                        } else {
                            self = .number(try container.decode(Double.self))
                        }
                    }
                }
                let data: Data
            }
            let parameters =
                [(name: "query", value: expression)] + (time.map { [(name: "time", value: $0)] } ?? [])
            let (status, body, _) = try await send(.get, "/api/v1/query" + RunningServer.query(parameters))
            #expect(status == 200, "\(body)")
            return try JSONDecoder().decode(Answer.self, from: Data(body.utf8)).data.result.map { series in
                let labels = series.metric.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                guard case .text(let value)? = series.value.last else { return "?" }
                return "\(labels.joined(separator: ",")) \(value)"
            }.sorted()
        }
    }

    private func withPlatform(_ body: @Sendable (Sender) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        var settings = HeliographSettings()
        settings.data.dir = folder.path
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let platform = try Platform(settings: settings, logger: logger)
        platform.processor.start()
        do {
            let application = buildApplication(
                platform: platform, queries: try platform.queryEnvironment(),
                alerting: try AlertingAssembly(platform: platform).service())
            try await application.test(.router) { try await body(Sender(client: $0)) }
        } catch {
            try? platform.close()
            throw error
        }
        try platform.close()
    }

    private let path = "/api/v1/import/prometheus"

    @Test func whatIsTakenIsThere() async throws {
        try await withPlatform { sender in
            let taken = try await sender.send(
                .post, path + "?extra_label=job%3Dnode&extra_label=site%3Da%3Db&timestamp=1700000000000",
                "m{job=\"x\"} 1\nm{a=\"b\"} 2 1700000060000\n", type: "text/plain; version=0.0.4")
            #expect(taken.status == 204 && taken.body.isEmpty)
            #expect(try await sender.query("m", time: "1700000000") == ["__name__=m,job=node,site=a=b 1"])
            #expect(
                try await sender.query("m", time: "1700000060")
                    == ["__name__=m,a=b,job=node,site=a=b 2", "__name__=m,job=node,site=a=b 1"])
            // Without a time: now. The content type, or the end of the text, makes it OpenMetrics.
            for (index, type) in ["application/openmetrics-text; version=1.0.0; charset=utf-8", nil, "text/plain"]
                .enumerated()
            {
                let text =
                    "# TYPE n counter\nn_total{i=\"\(index)\"} 3 # {trace=\"x\"} 1\nold{i=\"\(index)\"} 1 1700000000.5\n# EOF\n"
                #expect(try await sender.send(.post, path, text, type: type).status == 204)
                #expect(try await sender.query("n_total{i=\"\(index)\"}") == ["__name__=n_total,i=\(index) 3"])
                #expect(
                    try await sender.query("old{i=\"\(index)\"}", time: "1700000001") == ["__name__=old,i=\(index) 1"])
            }
        }
    }

    @Test func refusedLinesAreNamedAndTheOthersTaken() async throws {
        try await withPlatform { sender in
            let answer = try await sender.send(.post, path, "a 1\n\nb{ 2\nc 3\nd 4 x\n")
            #expect(answer.status == 400)
            #expect(
                answer.body.hasPrefix(
                    #"{"status":"error","errorType":"bad_data","error":"2 of 4 lines were refused and are kept as dead letters; "#
                        + #"the others were taken. Line 3: at column 5, expected } after the labels, got the end of the line.","#
                        + #""accepted":2,"rejected":2,"errors":[{"index":1,"field":null,"reason":"invalid_line","message":"Line 3: "#
                ),
                "\(answer.body)")
            #expect(answer.body.contains("Line 5: at column 5"))
            #expect(try await sender.query("a + on() c") == [" 4"])
            let letters = try await sender.send(.get, "/api/v1/dead-letters")
            #expect(letters.body.contains(#""protocol":"exposition""#) && letters.body.contains(#""payload":"b{ 2""#))
            let unfinished = try await sender.send(.post, path, "e 1\n", type: "application/openmetrics-text")
            #expect(unfinished.status == 400 && unfinished.body.contains("does not end with the line # EOF"))
            #expect(try await sender.query("e") == ["__name__=e 1"])
            #expect(try await sender.send(.get, "/api/v1/ledger").body.contains(#""balanced":true"#))
        }
    }

    @Test func requestsThatAreRefused() async throws {
        try await withPlatform { sender in
            let proto = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            for (method, uri, type, status, words) in [
                (.post, path, proto, 415, "protobuf exposition is not taken"),
                (.put, "/metrics/job/a", proto, 415, "text/plain"),
                (.post, path, "application/json", 415, "application/openmetrics-text"),
                (.post, path + "?extra_label=x", nil, 400, "the name of a label, = and its value"),
                (.post, path + "?extra_label=%3Dx", nil, 400, "the name of a label"),
                (.post, path + "?extra_label=__name__%3Dx", nil, 400, "the name of a label"),
                (.post, path + "?extra_label=a%3D1&extra_label=a%3D2", nil, 400, "more than once"),
                (.post, path + "?timestamp=x", nil, 400, "timestamp"),
                (.post, path + "?timestamp=-1", nil, 400, "timestamp"),
                (.put, "/metrics/job", nil, 400, "a label without a value"),
                (.put, "/metrics/job/a/b", nil, 400, "without a value"),
                (.put, "/metrics/jobs/a", nil, 400, "/metrics/job/<job>"),
                (.put, "/metrics/job@base64/=", nil, 400, "not empty"),
                (.put, "/metrics/instance/a/job/b", nil, 400, "/metrics/job/<job>"),
                (.put, "/metrics/job/a/job/b", nil, 400, "more than once"),
                (.put, "/metrics/job/a/__name__/b", nil, 400, "does not begin with __"),
                (.put, "/metrics/job/a/b@base64/%%%", nil, 400, "URL-encoded"),
                (.put, "/metrics/job/a/b@base64/!", nil, 400, "base64url"),
                (.put, "/metrics/job/a/b@base64/_w", nil, 400, "UTF-8"),
                (.delete, "/metrics/job/a/b", nil, 400, "without a value"),
                (.get, "/metrics/job/a", nil, 405, "DELETE, POST, PUT"), (.post, "/metrics", nil, 405, "GET"),
                (.get, path, nil, 405, "POST"), (.get, path + "/metrics/job/a/b/c", nil, 405, "PUT"),
            ] as [(HTTPRequest.Method, String, String?, Int, String)] {
                let answer = try await sender.send(method, uri, "m 1\n", type: type)
                #expect(answer.status == status && answer.body.contains(words), "\(method) \(uri): \(answer)")
            }
            #expect(try await sender.query("m").isEmpty)
        }
    }

    @Test func groupsAreNamedByThePath() async throws {
        try await withPlatform { sender in
            for (path, labels) in [
                ("job/a", "job=a"), ("job/a/instance/b%20c/", "instance=b c,job=a"), ("job/a+b", "job=a+b"),
                ("job@base64/L3Zhci90bXA", "job=/var/tmp"), ("job@base64/L3Zhci90bXA=", "job=/var/tmp"),
                ("job/t/name/%CE%A0%CF%81", "job=t,name=Πρ"), ("job/t/name@base64/zqDPgc6_", "job=t,name=Προ"),
                ("job/x/e@base64/=/f/g", "f=g,job=x"),
            ] {
                for (index, root) in ["/metrics/", "/api/v1/import/prometheus/metrics/"].enumerated() {
                    for method in [HTTPRequest.Method.put, .post] {
                        let name = "m\(index)\(method == .put ? "put" : "post")"
                        let answer = try await sender.send(method, root + path, "\(name){job=\"own\",e=\"own\"} 1\n")
                        #expect(answer.status == 200 && answer.body.isEmpty, "\(path): \(answer)")
                        let own = path.contains("/e@") ? "" : "e=own,"
                        let found = try await sender.query(name)
                        #expect(found.contains("__name__=\(name),\(own)\(labels) 1"), "\(found)")
                    }
                }
            }
        }
    }

    @Test func whatAPushTakesAwayEnds() async throws {
        try await withPlatform { sender in
            let a = "/metrics/job/a"
            let other = "/metrics/job/a/instance/i"
            try await sender.send(.put, a, "x{n=\"1\"} 1\nx{n=\"2\"} 1\ny 1\n")
            try await sender.send(.put, other, "x 9\n")
            // POST takes the place of what has the same name.
            try await sender.send(.post, a, "x{n=\"2\"} 2\n")
            #expect(
                try await sender.query("{job=\"a\"}") == [
                    "__name__=x,instance=i,job=a 9", "__name__=x,job=a,n=2 2", "__name__=y,job=a 1",
                ])
            // A broken push ends nothing.
            #expect(try await sender.send(.put, a, "z{ 1\nz 1\n").status == 400)
            #expect(try await sender.query("{job=\"a\",instance=\"\"}").count == 3)
            try await sender.send(.put, "/api/v1/import/prometheus\(a)", "x{n=\"3\"} 3\n")
            #expect(
                try await sender.query("{job=\"a\"}") == ["__name__=x,instance=i,job=a 9", "__name__=x,job=a,n=3 3"])
            for _ in 0..<2 {
                let deleted = try await sender.send(.delete, a)
                #expect(deleted.status == 202 && deleted.body.isEmpty)
                #expect(try await sender.query("{job=\"a\"}") == ["__name__=x,instance=i,job=a 9"])
            }
            try await sender.send(.put, other)
            #expect(try await sender.query("{job=\"a\"}").isEmpty)
            #expect(try await sender.query("count_over_time(x{n=\"2\"}[1m])") == ["job=a,n=2 2"])
            // An ended series may begin again.
            try await sender.send(.post, a, "y 5\n")
            #expect(try await sender.query("{job=\"a\"}") == ["__name__=y,job=a 5"])
            #expect(try await sender.send(.get, "/api/v1/ledger").body.contains(#""balanced":true"#))
        }
    }

    @Test func theServersOwnMetricsCanBePushed() async throws {
        try await withPlatform { sender in
            let own = try await sender.send(.get, "/metrics")
            let lines = own.body.split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect(own.status == 200 && lines.count > 20)
            let pushed = try await sender.send(
                .put, "/metrics/job/self", own.body, type: own.headers[.contentType])
            #expect(pushed.status == 200, "\(pushed)")
            #expect(try await sender.query("count({job=\"self\"})") == [" \(lines.count)"])
        }
    }
}
