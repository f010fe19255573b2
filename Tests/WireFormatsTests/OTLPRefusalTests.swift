import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// What is refused, why, and what is kept of it.
@Suite struct OTLPRefusalTests {
    private let good = OTLPRequest.Point(attributes: [("source_id", .text("pump"))], double: 1)

    private func refusals(_ metric: OTLPRequest.Metric) throws -> [RejectedRecord] {
        try OTLPTestDecoder().decode(OTLPRequest(metric).protobuf).request.rejected
    }

    @Test func whatHasNoTemporalityIsRefusedPointByPoint() throws {
        var request = OTLPRequest(
            .init(name: "a", kind: .counter, temporality: .unspecified, points: [good, good]),
            .init(name: "b", kind: .gauge, temporality: .delta, points: [good]),
            .init(name: "c", kind: .upDownCounter, temporality: .unspecified, points: [good]),
            .init(name: "d", kind: .histogram, temporality: .unspecified, points: [.init(histogram: OTLPHistogram())]),
            .init(
                name: "e", kind: .exponentialHistogram, temporality: .unspecified, points: [.init(exponential: .init())]
            ),
            .init(name: "f", kind: .summary, points: [.init(summary: OTLPSummary())]))
        request.resources[0].attributes = [("service.name", .text("shop"))]
        let test = OTLPTestDecoder()
        let decoded = try test.decode(request.protobuf)
        #expect(decoded.points == 7 && decoded.rejectedPoints == 5 && decoded.request.recordCount == 8)
        let rejected = decoded.request.rejected
        #expect(rejected.map(\.index) == [0, 1, 3, 4, 5])
        #expect(rejected.allSatisfy { $0.reason == .unsupportedTemporality })
        #expect(rejected.map(\.sourceID) == ["pump", "pump", "pump", nil, nil])
        #expect(rejected[0].message.contains("expected delta (1) or cumulative (2)"))
        #expect(
            test.samples(decoded) == [
                #"b{job="shop", source_id="pump"} 1 @1700000000123"#, #"f_sum{job="shop"} 0 @1700000000123"#,
                #"f_count{job="shop"} 0 @1700000000123"#,
            ])
    }

    @Test func points() throws {
        let missing = OTLPRequest.Point()
        #expect(try refusals(.init(name: "m", kind: .gauge, points: [missing])).map(\.reason) == [.missingField])
        var early = good
        early.time = 0
        var late = good
        late.time = 4_200_000_000_000_000_000
        #expect(
            try refusals(.init(name: "m", kind: .gauge, points: [early, late, good])).map(\.reason)
                == [.missingField, .timestampOutOfRange])
        #expect(try refusals(.init(name: "", kind: .gauge, points: [good])).map(\.field) == ["name"])
        #expect(try refusals(.init(name: "…", kind: .gauge, points: [good])).map(\.reason) == [.emptyValue])
        for key in ["", "…"] {
            let point = OTLPRequest.Point(attributes: [(key, .text("a"))], double: 1)
            #expect(try refusals(.init(name: "m", kind: .gauge, points: [point])).map(\.reason) == [.emptyValue])
        }
        let many = OTLPRequest.Point(attributes: (0..<129).map { ("k\($0)", .integer(1)) }, double: 1)
        #expect(try refusals(.init(name: "m", kind: .gauge, points: [many])).map(\.reason) == [.tooManyTags])
        let long = OTLPRequest.Point(attributes: [("k", .text(String(repeating: "x", count: 4097)))], double: 1)
        #expect(try refusals(.init(name: "m", kind: .gauge, points: [long])).map(\.reason) == [.valueTooLong])
        var deep = OTLPTestValue.integer(1)
        for _ in 0..<33 { deep = .list([deep]) }
        let nested = OTLPRequest.Point(attributes: [("k", deep)], double: 1)
        #expect(try refusals(.init(name: "m", kind: .gauge, points: [nested])).map(\.reason) == [.nestingTooDeep])
    }

    @Test func histograms() throws {
        func refused(_ histogram: OTLPHistogram) throws -> String? {
            try refusals(.init(name: "h", kind: .histogram, points: [.init(histogram: histogram)])).first?.message
        }
        #expect(
            try refused(.init(counts: [1, 2], bounds: [1, 2]))
                == "bucketCounts: expected 3 of them for 2 explicitBounds, got 2.")
        #expect(try refused(.init(counts: [1, 2, 3], bounds: [2, 2]))?.contains("ascending") == true)
        #expect(try refused(.init(counts: [1, 2], bounds: [.infinity]))?.contains("expected numbers") == true)
        #expect(try refused(.init(counts: [1, 2], bounds: [.nan]))?.contains("expected numbers") == true)
        #expect(try refused(.init(count: 1, counts: [1])) == nil)
        #expect(
            try refused(.init(counts: [UInt64](repeating: 0, count: 2002), bounds: (0..<2001).map(Double.init)))?
                .contains("2000") == true)
    }

    @Test func exponentialHistograms() throws {
        func refused(_ histogram: OTLPExponentialHistogram) throws -> RejectedRecord? {
            try refusals(.init(name: "h", kind: .exponentialHistogram, points: [.init(exponential: histogram)])).first
        }
        #expect(try refused(.init(scale: -4)) == nil)
        let coarse = try #require(try refused(.init(scale: -5)))
        #expect(coarse.reason == .invalidHistogram && coarse.message.contains("expected at least -4, got -5"))
        #expect(try refused(.init(zeroThreshold: -1))?.reason == .invalidHistogram)
        #expect(try refused(.init(positive: .init(offset: Int64(Int32.max), counts: [1])))?.reason == .invalidHistogram)
        #expect(try refused(.init(positive: .init(offset: Int64(Int32.max), counts: [0]))) == nil)
    }

    /// A long list of attributes for each of many buckets would be long work for a short message.
    @Test func attributesTimesBuckets() throws {
        let point = OTLPRequest.Point(
            attributes: [("k", .text(String(repeating: "x", count: 4000)))],
            histogram: OTLPHistogram(counts: [UInt64](repeating: 1, count: 1501), bounds: (0..<1500).map(Double.init)))
        #expect(try refusals(.init(name: "h", kind: .histogram, points: [point])).map(\.reason) == [.valueTooLong])
    }

    /// A point is taken with all its series or not at all.
    @Test func aBudgetRefusesWholePoints() throws {
        let histogram = OTLPHistogram(count: 1, sum: 1, counts: [1, 0], bounds: [1])
        let request = OTLPRequest(
            .init(name: "a", kind: .gauge, points: [good]),
            .init(name: "h", kind: .histogram, points: [.init(histogram: histogram)]),
            resource: [("service.name", .text("s")), ("os", .text("linux"))])
        let test = OTLPTestDecoder(seriesLimit: 3)
        let decoded = try test.decode(request.protobuf)
        #expect(decoded.request.batch.count == 1 && decoded.rejectedPoints == 1)
        // And `target_info`, which is no point.
        #expect(decoded.request.rejected.map(\.reason) == [.seriesLimit, .seriesLimit])
        #expect(decoded.request.recordCount == 3 && decoded.request.rejected.map(\.index) == [1, 2])
        let info = try #require(decoded.request.rejected.last)
        #expect(try OTLPTestDecoder().decode(info.payload).points == 0)
    }

    @Test func badText() throws {
        var request = ProtobufWriter()
        request.message(1) { resource in
            resource.message(2) { scope in
                for name in [[0x61], [0xFF]] as [[UInt8]] {
                    for value in [[0x62], [0xC3]] as [[UInt8]] {
                        scope.message(2) { metric in
                            metric.bytes(1, name)
                            metric.message(5) { gauge in
                                gauge.message(1) { point in
                                    point.double(3, Double(bitPattern: 1_000_000_000_000_000_000))
                                    point.double(4, 1)
                                    point.message(7) { pair in
                                        pair.string(1, "k")
                                        pair.message(2) { $0.bytes(1, value) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        let decoded = try OTLPTestDecoder().decode(request.bytes)
        #expect(decoded.request.batch.count == 1)
        #expect(decoded.request.rejected.map(\.reason) == [.invalidUTF8, .invalidUTF8, .invalidUTF8])
    }

    /// What is kept is a request of its own; sent again, it is refused for the same reason, or taken when that is gone.
    @Test func deadLettersCanBeSentAgain() throws {
        var generator = OTLPGenerator(.seeded("deadLettersCanBeSentAgain"))
        var seen = 0
        for _ in 0..<200 {
            let request = generator.request()
            for (bytes, encoding) in [(request.protobuf, OTLPEncoding.protobuf), (request.json, .json)] {
                for record in try OTLPTestDecoder().decode(bytes, encoding).request.rejected {
                    let again = try OTLPTestDecoder().decode(record.payload, encoding)
                    #expect(again.points == 1 && again.rejectedPoints == 1)
                    #expect(again.request.rejected.first?.message == record.message)
                    #expect(again.request.rejected.first?.payload == record.payload)
                    seen += 1
                }
            }
        }
        #expect(seen > 100)
        let over = OTLPTestDecoder(seriesLimit: 0)
        let request = OTLPRequest(
            .init(name: "m", unit: "s", description: "d", kind: .counter, points: [good]),
            resource: [("service.name", .text("x"))])
        for (bytes, encoding) in [(request.protobuf, OTLPEncoding.protobuf), (request.json, .json)] {
            let letter = try #require(try over.decode(bytes, encoding).request.rejected.first)
            let test = OTLPTestDecoder()
            #expect(
                test.samples(try test.decode(letter.payload, encoding))
                    == [#"m_seconds_total{job="x", source_id="pump"} 1 @1700000000123"#])
        }
    }

    @Test func tooManyRecords() throws {
        let request = OTLPRequest(.init(name: "m", kind: .gauge, points: [good, good, good]))
        #expect(try OTLPTestDecoder(maximumRecords: 3).decode(request.protobuf).points == 3)
        for (bytes, encoding) in [(request.protobuf, OTLPEncoding.protobuf), (request.json, .json)] {
            #expect(throws: OTLPError.tooManyRecords(limit: 2)) {
                try OTLPTestDecoder(maximumRecords: 2).decode(bytes, encoding)
            }
        }
    }

    @Test(
        arguments: [
            ("", "got the end of the text"), ("{", "line 1, column 2"), ("[]", "expected an object, got an array"),
            (#"{"resourceMetrics":{}}"#, "expected an array, got an object"), ("{} x", "the end of the body"),
            (
                #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":5}]}]}]}"#,
                "expected a string, got the number 5"
            ),
            (#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"a","value":{"bytesValue":"*"}}]}}]}"#, "base64"),
            (#"{"a":"\ud800"}"#, "surrogate"),
        ])
    func malformedJSON(_ text: String, _ words: String) {
        do {
            _ = try OTLPTestDecoder().decode(Array(text.utf8), .json)
            Issue.record("\(text) was read")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    /// In JSON a point that is not as it should be does not take its neighbours down.
    @Test func wrongTypesInAPoint() throws {
        let points = [
            #"{"timeUnixNano":"x"}"#, #"{"timeUnixNano":1.7e18,"asDouble":"NaN"}"#, #"{"timeUnixNano":{}}"#, "5",
            #"{"timeUnixNano":"1700000000123000000","asInt":7,"unknown":[{}],"flags":null}"#,
            #"{"timeUnixNano":1700000000123000000,"asInt":1.5}"#,
            #"{"timeUnixNano":1700000000123000000,"asDouble":1,"attributes":[{"key":"a","value":{"intValue":true}}]}"#,
        ]
        let text =
            #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":["#
            + points.joined(separator: ",") + "]}}]}]}]}"
        let test = OTLPTestDecoder()
        let decoded = try test.decode(Array(text.utf8), .json)
        #expect(test.samples(decoded) == ["m NaN @1700000000000", "m 7 @1700000000123"])
        #expect(decoded.request.rejected.map(\.index) == [0, 2, 3, 5, 6])
        #expect(decoded.request.rejected.map(\.field) == ["timeUnixNano", "timeUnixNano", nil, "asInt", "attributes"])
        #expect(decoded.request.rejected.allSatisfy { $0.reason == .wrongType })
    }

    /// Temporality as a name, `null` for nothing, names with escapes, `scopeMetrics` before `resource`.
    @Test func formsOfJSON() throws {
        let text =
            #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","#
            + #""isMonotonic":true,"dataPoints":[{"timeUnixNano":"1700000000123000000","asDouble":"2.5","attributes":null}]},"#
            + #""n\u0061me":"m","unit":null}, {"name":"empty"}]}],"resource":{"attributes":[{"key":"service.name","value":"#
            + #"{"stringValue":"a"}}]}}, null, {}]}"#
        let test = OTLPTestDecoder()
        #expect(test.samples(try test.decode(Array(text.utf8), .json)) == [#"m_total{job="a"} 2.5 @1700000000123"#])
    }
}
