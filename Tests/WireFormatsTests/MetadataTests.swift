import TelemetryModel
import Testing

@testable import WireFormats

/// What requests say of metrics, protocol by protocol.
@Suite struct MetadataTests {
    private func item(
        _ family: String, _ type: MetricType, _ help: String = "", unit: String = ""
    ) -> FamilyMetadata {
        FamilyMetadata(family, MetricMetadata(type: type, help: help, unit: unit))
    }

    // MARK: Remote write

    private func version1(_ items: [FamilyMetadata]) -> [UInt8] {
        var message = ProtobufWriter()
        for item in items {
            message.message(3) { writer in
                writer.int64(1, Int64(item.metadata.type.rawValue))
                writer.string(2, item.family)
                writer.string(4, item.metadata.help)
                writer.string(5, item.metadata.unit)
            }
        }
        return message.bytes
    }

    @Test func version1OfRemoteWriteSaysItOfFamilies() throws {
        let all = MetricType.allCases.map { item("f_\($0)", $0, "What é\nis", unit: "seconds") } + [item("e", .unknown)]
        let alone = try WriteDecoding().decode(version1(all + all))
        #expect(alone.request.metadata == all)
        #expect(alone.request.recordCount == 0)
        // Before and behind series.
        let series = SentSeries([("__name__", "a")], [(1, 1)])
        let between = try WriteDecoding().decode(
            version1([all[0]]) + SentSeries.version1([series]) + version1([all[1]]))
        #expect(between.request.metadata == [all[0], all[1]] && between.request.recordCount == 1)
    }

    @Test func typesThatNobodyKnowsAreUnknownAndTextsAreRepaired() throws {
        var message = ProtobufWriter()
        message.message(3) { writer in
            writer.int64(1, 4711)
            writer.string(2, "a")
            writer.bytes(4, [0x41, 0xFF])
        }
        #expect(try WriteDecoding().decode(message.bytes).request.metadata == [item("a", .unknown, "A\u{FFFD}")])
    }

    @Test func version2OfRemoteWriteSaysItOfSeries() throws {
        func series(_ name: String, _ metadata: MetricMetadata?) -> SentSeries {
            var series = SentSeries([("__name__", name), ("job", "j")], [(1, 1)])
            series.metadata = metadata
            return series
        }
        let latency = MetricMetadata(type: .histogram, help: "Latency.", unit: "seconds")
        let sizes = MetricMetadata(type: .summary, help: "Sizes.")
        let queue = MetricMetadata(type: .gaugeHistogram)
        let requests = MetricMetadata(type: .counter, help: "Requests.")
        let sent = [
            series("l_bucket", latency), series("l_bucket", latency), series("l_sum", latency),
            series("l_count", latency), series("s", sizes), series("s_sum", sizes), series("s_count", sizes),
            series("q_bucket", queue), series("q_gsum", queue), series("q_gcount", queue),
            // Another metric of the same texts, and one with a name that only looks like a part.
            series("r_total", requests), series("r_count", requests), series("_sum", latency),
            series("nothing", MetricMetadata()), series("none", nil),
        ]
        let decoded = try WriteDecoding().decode(SentSeries.version2(sent), .two)
        let all = [
            FamilyMetadata("l", latency), FamilyMetadata("s", sizes), FamilyMetadata("q", queue),
            FamilyMetadata("r_total", requests), FamilyMetadata("r_count", requests), FamilyMetadata("_sum", latency),
        ]
        #expect(decoded.request.metadata == all)
        #expect(decoded.request.recordCount == sent.count)
        // A series without samples says it all the same.
        var alone = series("r_total", requests)
        alone.samples = []
        #expect(try WriteDecoding().decode(SentSeries.version2([alone]), .two).request.metadata == [all[3]])
    }

    @Test func aSymbolThatIsNotThereMakesAMessageBroken() {
        var message = ProtobufWriter()
        for text in ["", "__name__", "a"] { message.string(4, text) }
        message.message(5) { series in
            series.bytes(1, [1, 2])
            series.message(5) { metadata in metadata.int64(3, 3) }
        }
        #expect(throws: RemoteWriteError.self) { try WriteDecoding().decode(message.bytes, .two) }
    }

    // MARK: Text formats

    @Test func commentsOfTheTextFormatSayIt() throws {
        let text = """
            # HELP a_total Some \\\\ and\\nmore \\"x\\"
            # TYPE a_total counter
            a_total 1
            #   TYPE   b   gauge\u{20}
            # HELP b  two blanks
            # A comment
            # UNIT b seconds
            # TYPE c untyped
            # HELP "d.e" quoted
            # HELP
            # HELP f
            # TYPE g histogram
            g_bucket{le="+Inf"} 1
            # HELP "broken
            """
        #expect(
            try ExpositionReadings().decode(text).request.metadata == [
                item("a_total", .counter, "Some \\ and\nmore \\\"x\\\""), item("b", .gauge, " two blanks"),
                item("c", .unknown), item("d.e", .unknown, "quoted"), item("f", .unknown), item("g", .histogram),
            ])
    }

    @Test func openMetricsHasUnitsAndMoreTypes() throws {
        let text = """
            # TYPE a_seconds counter
            # UNIT a_seconds seconds
            # HELP a_seconds Says \\"a\\"
            a_seconds_total 1
            # TYPE b info
            # TYPE c stateset
            # TYPE d gaugehistogram
            # TYPE "e.f" summary
            # HELP "e.f" E
            # TYPE target info
            # HELP target Target metadata
            target_info{a="b"} 1
            # EOF
            """
        #expect(
            try ExpositionReadings().decode(text, .openMetrics).request.metadata == [
                item("a_seconds", .counter, "Says \"a\"", unit: "seconds"), item("b", .info), item("c", .stateSet),
                item("d", .gaugeHistogram), item("e.f", .summary, "E"), item("target", .info, "Target metadata"),
            ])
    }

    @Test func linesOfAFamilyMayStandApart() throws {
        let text = "# HELP a A\n# TYPE b gauge\n# TYPE a counter\n# HELP b B\na 1\n"
        #expect(
            try ExpositionReadings().decode(text).request.metadata == [
                item("a", .counter, "A"), item("b", .gauge, "B"),
            ])
    }

    @Test func aBrokenTypeIsADeadLetterAndTheRestIsTaken() throws {
        let readings = ExpositionReadings()
        let decoded = try readings.decode("# HELP a A\n# TYPE a thing\na 1\n")
        #expect(decoded.request.rejected.count == 1 && decoded.request.batch.count == 1)
        #expect(decoded.request.metadata == [item("a", .unknown, "A")])
    }

    @Test func extraLabelsInFrontOfTheTextShiftNothing() throws {
        let decoded = try ExpositionReadings().decode(
            "# HELP a A\n# TYPE a counter\na 1\n", extraLabels: [Label("job", "j")])
        #expect(decoded.request.metadata == [item("a", .counter, "A")])
    }

    // MARK: OTLP

    @Test(arguments: [OTLPEncoding.protobuf, .json])
    func otlpSaysItUnderTheNamesOfPrometheus(encoding: OTLPEncoding) throws {
        let point = OTLPRequest.Point(integer: 1)
        let metrics: [OTLPRequest.Metric] = [
            .init(
                name: "http.requests", unit: "{request}", description: "All \"of\" them", kind: .counter,
                points: [point]),
            .init(name: "queue", unit: "By/s", kind: .upDownCounter, points: [point]),
            .init(name: "temperature", unit: "Cel", description: "é", kind: .gauge, points: [point]),
            .init(
                name: "latency", unit: "ms", kind: .histogram,
                points: [.init(histogram: OTLPHistogram(count: 1, sum: 1, counts: [1], bounds: []))]),
            .init(
                name: "sizes", kind: .summary,
                points: [.init(summary: OTLPSummary(count: 1, sum: 1, quantiles: [(0.5, 1)]))]),
            .init(
                name: "wide", kind: .exponentialHistogram,
                points: [.init(exponential: OTLPExponentialHistogram(count: 0, sum: 0))]),
            .init(name: "delta", description: "d", kind: .counter, temporality: .delta, points: [point]),
            .init(name: "no points", kind: .gauge, points: []),
        ]
        let request = OTLPRequest([
            .init(
                attributes: [("service.name", .text("s")), ("host.name", .text("h"))],
                scopes: [.init(metrics: metrics), .init(metrics: [metrics[0]])])
        ])
        let decoded = try OTLPTestDecoder().decode(encoding == .json ? request.json : request.protobuf, encoding)
        #expect(
            decoded.request.metadata == [
                item("http_requests_total", .counter, "All \"of\" them"),
                item("queue_bytes_per_second", .gauge, unit: "bytes_per_second"),
                item("temperature_celsius", .gauge, "é", unit: "celsius"),
                item("latency_milliseconds", .histogram, unit: "milliseconds"), item("sizes", .summary),
                item("wide", .histogram), item("delta_total", .counter, "d"),
                item("target_info", .gauge, "Target metadata"),
            ])
    }

    @Test func aResourceOfWhichNothingIsToBeSaidHasNoTargetInfo() throws {
        let metric = OTLPRequest.Metric(name: "m", kind: .gauge, points: [.init(integer: 1)])
        let request = OTLPRequest([
            .init(attributes: [("service.name", .text("s"))], scopes: [.init(metrics: [metric])])
        ])
        #expect(try OTLPTestDecoder().decode(request.protobuf).request.metadata == [item("m", .gauge)])
    }

    @Test func whatWasSeenBeforeIsNotMadeAgain() throws {
        let texts = MetadataTexts()
        var made = 0
        for _ in 0..<3 {
            let item = texts.item(for: [1, 2]) {
                made += 1
                return self.item("a", .gauge)
            }
            #expect(item?.family == "a")
            #expect(
                texts.item(for: [3]) {
                    made += 1
                    return nil
                } == nil)
        }
        #expect(made == 2)
    }
}
