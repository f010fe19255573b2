import TelemetryModel
import Testing

@testable import WireFormats

/// Exemplars of OpenTelemetry's points, in both encodings.
@Suite struct OTLPExemplarTests {
    private static let time: UInt64 = 1_700_000_000_123_000_000

    /// One point with exemplars of these values, in protobuf; `fields` are the data of the point.
    private func request(
        _ name: String, _ dataField: Int, exemplarField: Int, temporality: UInt64 = 2, isMonotonic: Bool = false,
        values: [Double], fields: (inout ProtobufWriter) -> Void
    ) -> [UInt8] {
        metric { metric in
            metric.string(1, name)
            metric.message(dataField) { data in
                data.message(1) { point in
                    point.fixed(3, Self.time)
                    fields(&point)
                    for value in values {
                        point.message(exemplarField) { exemplar in
                            exemplar.double(3, value)
                            exemplar.bytes(5, [UInt8](repeating: 0xAB, count: 16))
                        }
                    }
                }
                if temporality > 0 { data.varint(2, temporality) }
                if isMonotonic { data.varint(3, 1) }
            }
        }
    }

    private func metric(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var request = ProtobufWriter()
        request.message(1) { resource in resource.message(2) { scope in scope.message(2) { write(&$0) } } }
        return request.bytes
    }

    private static let trace = String(repeating: "ab", count: 16)

    @Test func counterGaugeAndExponentialHistogramHaveThemOnTheirOnlySeries() throws {
        let test = OTLPTestDecoder()
        let number: (inout ProtobufWriter) -> Void = { $0.double(4, 7) }
        for (name, field, monotonic) in [("a_total", 7, true), ("a", 5, false)] {
            let decoded = try test.decode(
                request(
                    "a", field, exemplarField: 5, temporality: field == 7 ? 2 : 0, isMonotonic: monotonic, values: [2],
                    fields: number))
            #expect(
                decoded.request.exemplars(test.registry)
                    == [#"\#(name) # {trace_id="\#(Self.trace)"} 2.0 @1700000000123"#])
        }
        let decoded = try test.decode(
            request("e", 10, exemplarField: 11, values: [3]) { point in
                point.fixed(4, 1)
                point.message(8) { buckets in
                    buckets.varint(1, 0)
                    buckets.bytes(2, [1])
                }
            })
        #expect(
            decoded.request.exemplars(test.registry) == [#"e # {trace_id="\#(Self.trace)"} 3.0 @1700000000123"#])
    }

    /// As Prometheus' own translation has it: the smallest bound that is not below the value.
    @Test func aHistogramHasThemOnTheBucketsThatCountThem() throws {
        let test = OTLPTestDecoder()
        let decoded = try test.decode(
            request("h", 9, exemplarField: 8, values: [-5, 0.5, 1, 1.5, 2, 99, .infinity, .nan]) { point in
                point.fixed(4, 4)
                point.double(5, 10)
                point.fixed(6, 1)
                point.fixed(6, 2)
                point.fixed(6, 1)
                point.double(7, 1)
                point.double(7, 2)
            })
        #expect(
            decoded.request.exemplars(test.registry).map { $0.split(separator: "#")[0] + $0.split(separator: "} ")[2] }
                == [
                    #"h_bucket{le="1"} -5.0 @1700000000123"#, #"h_bucket{le="1"} 0.5 @1700000000123"#,
                    #"h_bucket{le="1"} 1.0 @1700000000123"#, #"h_bucket{le="2"} 1.5 @1700000000123"#,
                    #"h_bucket{le="2"} 2.0 @1700000000123"#, #"h_bucket{le="+Inf"} 99.0 @1700000000123"#,
                    #"h_bucket{le="+Inf"} inf @1700000000123"#,
                ])
        // What is no number is in no bucket.
        #expect(decoded.exemplars == 8 && decoded.request.rejectedExemplars == 1 && decoded.rejectedPoints == 0)
    }

    @Test func identifiersAttributesAndTimesAreReadInBothEncodings() throws {
        let long = String(repeating: "x", count: ExemplarLabels.characters)
        let protobuf = metric { metric in
            metric.string(1, "m")
            metric.message(5) { data in
                data.message(1) { point in
                    point.fixed(3, Self.time)
                    point.double(4, 1)
                    point.message(5) { exemplar in
                        exemplar.attribute(7, "http.route", "/a")
                        exemplar.fixed(2, 1_700_000_000_009_999_999)
                        exemplar.fixed(6, UInt64(bitPattern: -3))
                        exemplar.bytes(4, [0, 1, 2, 3, 4, 5, 6, 255])
                        exemplar.attribute(7, "trace_id", "not this one")
                        exemplar.bytes(5, [UInt8](repeating: 0xAB, count: 16))
                    }
                    point.message(5) { exemplar in
                        exemplar.double(3, 1)
                        exemplar.bytes(4, [UInt8](repeating: 0, count: 8))
                        exemplar.attribute(7, "long", long)
                        exemplar.bytes(5, [UInt8](repeating: 0xAB, count: 16))
                    }
                    point.message(5) { _ in }
                    point.message(5) { exemplar in
                        exemplar.double(3, 1)
                        exemplar.bytes(5, [UInt8](repeating: 1, count: 99))
                    }
                    point.bytes(5, [0x1A])
                }
            }
        }
        let json = """
            {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [{
              "timeUnixNano": "\(Self.time)", "asDouble": 1, "exemplars": [
                {"filteredAttributes": [{"key": "http.route", "value": {"stringValue": "/a"}},
                                        {"key": "trace_id", "value": {"stringValue": "not this one"}}],
                 "timeUnixNano": "1700000000009999999", "asInt": "-3", "spanId": "00010203040506FF", "traceId": "\(Self.trace)"},
                {"asDouble": 1, "spanId": "0000000000000000", "traceId": "\(Self.trace)",
                 "filteredAttributes": [{"key": "long", "value": {"stringValue": "\(long)"}}]},
                {}, {"asDouble": 1, "traceId": "no digits"}, "x"]}]}}]}]}]}
            """
        for (bytes, encoding) in [(protobuf, OTLPEncoding.protobuf), (Array(json.utf8), .json)] {
            let test = OTLPTestDecoder()
            let decoded = try test.decode(bytes, encoding)
            #expect(
                decoded.request.exemplars(test.registry) == [
                    #"m # {http_route="/a", span_id="00010203040506ff", trace_id="\#(Self.trace)"} -3.0 @1700000000009"#,
                    // Attributes that do not fit are left out, as Prometheus does.
                    #"m # {trace_id="\#(Self.trace)"} 1.0 @1700000000123"#,
                ], "\(encoding)")
            #expect(decoded.exemplars == 5 && decoded.request.rejectedExemplars == 3, "\(encoding)")
            #expect(decoded.request.rejected.isEmpty && decoded.request.batch.count == 1, "\(encoding)")
        }
    }

    /// Points that are refused take theirs along; those of differences wait until the total is known.
    @Test func theyShareTheFateOfTheirPoint() throws {
        let refused = try OTLPTestDecoder().decode(
            request("r", 7, exemplarField: 5, temporality: 0, values: [1, 2]) { $0.double(4, 7) })
        #expect(refused.rejectedPoints == 1 && refused.request.rejectedExemplars == 2)
        #expect(refused.request.batch.exemplars.isEmpty)

        let test = OTLPTestDecoder()
        let bytes = request("d", 7, exemplarField: 5, temporality: 1, isMonotonic: true, values: [1, 2]) { point in
            point.fixed(2, Self.time - 1_000_000_000)
            point.double(4, 3)
        }
        let decoded = try test.decode(bytes)
        #expect(decoded.request.batch.exemplars.isEmpty && decoded.deltas.count == 1)
        let sum = OTLPDeltaSum(decoded, totals: [:], of: bytes.span, .protobuf, test.registry)
        #expect(
            sum.request.exemplars(test.registry).map { $0.split(separator: " ").last ?? "" }
                == ["@1700000000123", "@1700000000123"])
        let late = OTLPDeltaSum(
            decoded,
            totals: Dictionary(
                uniqueKeysWithValues: sum.newTotals.map { total in
                    var total = total
                    total.end = Self.time + 1
                    return (total.reference, total)
                }), of: bytes.span, .protobuf, test.registry)
        #expect(late.request.batch.exemplars.isEmpty && late.request.rejectedExemplars == 2)
    }
}

extension ProtobufWriter {
    fileprivate mutating func fixed(_ field: Int, _ value: UInt64) { double(field, Double(bitPattern: value)) }

    fileprivate mutating func attribute(_ field: Int, _ key: String, _ text: String) {
        message(field) { pair in
            pair.string(1, key)
            pair.message(2) { $0.string(1, text) }
        }
    }
}
