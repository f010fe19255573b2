import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// What becomes of points of every kind.
@Suite struct OTLPDecoderTests {
    private let time = "@1700000000123"

    @Test func gaugesAndSums() throws {
        let request = OTLPRequest(
            .init(
                name: "temperature", unit: "Cel", kind: .gauge,
                points: [.init(attributes: [("room", .text("a"))], start: 1_000_000_000, double: 20.5)]),
            .init(
                name: "requests", kind: .counter,
                points: [.init(start: 1_600_000_000_000_999_999, exemplars: 2, integer: 7)]),
            .init(name: "queue.size", kind: .upDownCounter, points: [.init(start: 5_000_000, integer: -3)]),
            .init(name: "gone", kind: .gauge, points: [.init(flags: 1)]))
        let test = OTLPTestDecoder()
        let decoded = try test.decode(request.protobuf)
        #expect(
            test.samples(decoded) == [
                #"temperature_celsius{room="a"} 20.5 \#(time)"#, "requests_total 7 \(time) from 1600000000000",
                "queue_size -3 \(time)", "gone stale \(time)",
            ])
        #expect(decoded.points == 4 && decoded.exemplars == 2 && decoded.rejectedPoints == 0)
    }

    @Test func resources() throws {
        let metric = OTLPRequest.Metric(
            name: "up", kind: .gauge,
            points: [
                .init(attributes: [("k8s.pod.name", .text("own")), ("job", .text("mine"))], double: 1),
                .init(time: 1_700_000_009_000_000_000, double: 2),
            ])
        let request = OTLPRequest(
            metric,
            resource: [
                ("service.name", .text("shop")), ("service.namespace", .text("eu")),
                ("service.instance.id", .text("i-1")),
                ("k8s.pod.name", .text("pod-1")), ("telemetry.sdk.name", .text("opentelemetry")),
                ("process.pid", .integer(7)),
            ])
        #expect(
            try OTLPTestDecoder().samples(request) == [
                #"up{instance="i-1", job="eu/shop", k8s_pod_name="own"} 1 \#(time)"#,
                #"up{instance="i-1", job="eu/shop", k8s_pod_name="pod-1"} 2 @1700000009000"#,
                #"target_info{instance="i-1", job="eu/shop", k8s_pod_name="pod-1", process_pid="7", "#
                    + #"telemetry_sdk_name="opentelemetry"} 1 @1700000009000"#,
            ])
        let promoted = OTLPTestDecoder(OTLPTranslation(promotedResourceAttributes: ["process.pid"]))
        #expect(
            try promoted.samples(request)[1] == #"up{instance="i-1", job="eu/shop", process_pid="7"} 2 @1700000009000"#)
    }

    /// One sample a resource and request, and none where there is nothing to say or nothing to join it by.
    @Test func targetInfo() throws {
        let metric = OTLPRequest.Metric(name: "m", kind: .gauge, points: [.init(double: 1)])
        let resource = OTLPRequest.Resource(
            attributes: [("service.name", .text("a")), ("os.type", .text("linux"))],
            scopes: [.init(metrics: [metric]), .init(metrics: [metric])])
        let test = OTLPTestDecoder()
        for _ in 0..<2 {
            let samples = try test.samples(OTLPRequest([resource, resource]))
            #expect(samples.count == 5)
            #expect(samples.last == #"target_info{job="a", os_type="linux"} 1 \#(time)"#)
        }
        #expect(try test.samples(OTLPRequest(metric, resource: [("service.name", .text("a"))])).count == 1)
        #expect(try test.samples(OTLPRequest(metric, resource: [("os.type", .text("linux"))])).count == 1)
        #expect(try test.samples(OTLPRequest([.init(attributes: resource.attributes, scopes: [])])).isEmpty)
        let long = String(repeating: "ä", count: 3000)
        let cut = try test.decode(
            OTLPRequest(metric, resource: [("service.name", .text("a")), ("process.command_line", .text(long))])
                .protobuf)
        #expect(cut.request.rejected.isEmpty)
        let info = test.registry.labels(of: cut.request.batch.references[1])
        #expect(info["process_command_line"]?.utf8.count == 4096)
    }

    @Test func attributesOfAllKinds() throws {
        let request = OTLPRequest(
            .init(
                name: "m", kind: .gauge,
                points: [
                    .init(
                        attributes: [
                            ("text", .text("a\"b")), ("yes", .boolean(true)), ("int", .integer(.min)),
                            ("double", .double(1e21)),
                            ("nan", .double(.nan)), ("bytes", .bytes([0xFB, 0xFF])), ("none", .none),
                            ("empty", .text("")),
                            ("list", .list([.text("x\n"), .integer(1), .none, .double(.infinity), .list([])])),
                            ("map", .map(["b", "a"], [.boolean(false), .bytes([1])])),
                            // Three keys that come to one name, in the order of the keys.
                            ("x-y", .text("2")), ("x.y", .text("3")), ("x y", .text("1")),
                        ], double: 1)
                ]))
        let test = OTLPTestDecoder()
        let decoded = try test.decode(request.protobuf)
        let labels = test.registry.labels(of: try #require(decoded.request.batch.references.first))
        #expect(
            labels
                == LabelSet([
                    "__name__": "m", "text": "a\"b", "yes": "true", "int": "-9223372036854775808", "double": "1e+21",
                    "nan": "NaN", "bytes": "+/8=", "list": #"["x\u000a",1,null,"Infinity",[]]"#,
                    "map": #"{"a":"AQ==","b":false}"#, "x_y": "1;2;3",
                ]))
    }

    @Test func scopes() throws {
        let scope = OTLPRequest.Scope(
            name: "lib", version: "1.2", schema: "http://s",
            attributes: [("x.y", .text("z")), ("name", .text("lost"))],
            metrics: [.init(name: "m", kind: .gauge, points: [.init(double: 1)])])
        let request = OTLPRequest([.init(attributes: [("service.name", .text("a"))], scopes: [scope])])
        #expect(try OTLPTestDecoder().samples(request) == [#"m{job="a"} 1 \#(time)"#])
        let expected =
            #"m{job="a", otel_scope_name="lib", otel_scope_schema_url="http://s", otel_scope_version="1.2", "#
            + #"otel_scope_x_y="z"} 1 \#(time)"#
        let test = OTLPTestDecoder(OTLPTranslation(promotesScope: true))
        for encoding in [OTLPEncoding.protobuf, .json] {
            #expect(
                test.samples(try test.decode(encoding == .json ? request.json : request.protobuf, encoding)) == [
                    expected
                ])
        }
    }

    @Test func histograms() throws {
        let histogram = OTLPHistogram(count: 10, sum: 12.5, counts: [1, 2, 3, 4], bounds: [0.005, 1, 1000])
        let request = OTLPRequest(
            .init(
                name: "latency", unit: "s", kind: .histogram,
                points: [
                    .init(
                        attributes: [("le", .text("mine")), ("a", .text("b"))], start: 1_600_000_000_000_000_000,
                        histogram: histogram),
                    .init(flags: 1, histogram: OTLPHistogram()),
                ]))
        let start = "\(time) from 1600000000000"
        #expect(
            try OTLPTestDecoder().samples(request) == [
                #"latency_seconds_sum{a="b", le="mine"} 12.5 \#(start)"#,
                #"latency_seconds_count{a="b", le="mine"} 10 \#(start)"#,
                #"latency_seconds_bucket{a="b", le="0.005"} 1 \#(start)"#,
                #"latency_seconds_bucket{a="b", le="1"} 3 \#(start)"#,
                #"latency_seconds_bucket{a="b", le="1000"} 6 \#(start)"#,
                #"latency_seconds_bucket{a="b", le="+Inf"} 10 \#(start)"#,
                "latency_seconds_count stale \(time)", #"latency_seconds_bucket{le="+Inf"} stale \#(time)"#,
            ])
    }

    @Test func summaries() throws {
        let summary = OTLPSummary(count: 3, sum: 6, quantiles: [(0, 1), (0.5, 2), (1, 3)])
        let request = OTLPRequest(
            .init(name: "size", unit: "By", kind: .summary, points: [.init(start: 9_000_000, summary: summary)]))
        #expect(
            try OTLPTestDecoder().samples(request) == [
                "size_bytes_sum 6 \(time) from 9", "size_bytes_count 3 \(time) from 9",
                #"size_bytes{quantile="0"} 1 \#(time) from 9"#, #"size_bytes{quantile="0.5"} 2 \#(time) from 9"#,
                #"size_bytes{quantile="1"} 3 \#(time) from 9"#,
            ])
    }

    @Test func exponentialHistograms() throws {
        func native(_ histogram: OTLPExponentialHistogram) throws -> NativeHistogram {
            let request = OTLPRequest(
                .init(name: "h", kind: .exponentialHistogram, points: [.init(exponential: histogram)]))
            return try #require(try OTLPTestDecoder().decode(request.protobuf).request.batch.histograms.first).histogram
        }
        // At scale 0, bucket i is for (2^i, 2^(i+1)]; the schema's bucket with that upper bound is i + 1.
        var histogram = OTLPExponentialHistogram(count: 21, sum: 50, scale: 0, zeroCount: 1)
        histogram.positive = .init(offset: -2, counts: [1, 0, 0, 2, 0, 0, 0, 3, 0])
        histogram.negative = .init(offset: 5, counts: [0, 4, 10])
        let plain = try native(histogram)
        #expect(
            plain
                == NativeHistogram(
                    schema: 0, zeroThreshold: 1e-128, zeroCount: 1, count: 21, sum: 50,
                    positiveSpans: [.init(offset: -1, length: 4), .init(offset: 3, length: 1)],
                    positiveBuckets: [1, 0, 0, 2, 3], negativeSpans: [.init(offset: 7, length: 2)],
                    negativeBuckets: [4, 10]))
        // Two steps finer than there are schemas: four buckets are one. Those of -5…-1 are in -2 and -1.
        histogram = OTLPExponentialHistogram(count: 15, scale: 10, zeroThreshold: 0.5)
        histogram.positive = .init(offset: -5, counts: [1, 2, 0, 4, 8])
        let merged = try native(histogram)
        #expect(merged.schema == 8 && merged.zeroThreshold == 0.5 && merged.sum == 0)
        #expect(merged.positiveSpans == [.init(offset: -1, length: 2)] && merged.positiveBuckets == [1, 14])
        // The finest scale there can be puts everything into the two buckets around 1.
        histogram = OTLPExponentialHistogram(count: 3, scale: Int64(Int32.max))
        histogram.positive = .init(offset: -1, counts: [1, 2])
        #expect(try native(histogram).positiveSpans == [.init(offset: 0, length: 2)])
        let ended = OTLPRequest(
            .init(name: "h", kind: .exponentialHistogram, points: [.init(flags: 1, exponential: histogram)]))
        #expect(try OTLPTestDecoder().samples(ended) == ["h stale \(time)"])
    }

    @Test func bothEncodingsGiveTheSame() throws {
        var generator = OTLPGenerator(.seeded("bothEncodingsGiveTheSame"))
        for _ in 0..<300 {
            let request = generator.request()
            let (protobuf, json) = (OTLPTestDecoder(), OTLPTestDecoder())
            let first = try protobuf.decode(request.protobuf)
            let second = try json.decode(request.json, .json)
            #expect(protobuf.samples(first) == json.samples(second))
            #expect(first.points == second.points && first.exemplars == second.exemplars)
            #expect(first.rejectedPoints == second.rejectedPoints)
            #expect(
                first.request.rejected.map { [$0.reason.rawValue, $0.message, "\($0.index)", $0.sourceID ?? "-"] }
                    == second.request.rejected.map {
                        [$0.reason.rawValue, $0.message, "\($0.index)", $0.sourceID ?? "-"]
                    })
            // What is known already is the same.
            #expect(protobuf.samples(try protobuf.decode(request.protobuf)) == protobuf.samples(first))
            #expect(protobuf.samples(try protobuf.decode(request.json, .json)) == protobuf.samples(first))
        }
    }
}
