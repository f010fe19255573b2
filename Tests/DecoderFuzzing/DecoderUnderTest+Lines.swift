import StatsDAggregation
import TelemetryModel
import WireFormats

extension DecoderUnderTest {
    static let lines =
        [
            lineProtocol("line-protocol", [.nanoseconds]),
            lineProtocol("line-protocol-precisions", LinePrecision.allCases),
        ]
        + [exposition("exposition-text", .text), exposition("exposition-openmetrics", .openMetrics), scraped]
        + [statsD, graphite, graphiteTemplate]

    private static func lineProtocol(_ name: String, _ precisions: [LinePrecision]) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: ["LineProtocolDecoder", "LinePrecision"]) {
            let registry = SeriesRegistry()
            let decoder = LineProtocolDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                for precision in precisions {
                    let database = precision == .nanoseconds ? "" : "plant"
                    do throws(TooManyLines) {
                        let lines = try decoder.decode(
                            input.span, LineProtocolParameters(precision: precision, database: database),
                            receivedAt: arrival)
                        let request = lines.request
                        account.note(request.batch, request.rejected, recordCount: request.recordCount, registry)
                        account.require(request.batch.values.allSatisfy(\.isFinite), "a value that is no number")
                        account.require(
                            (lines.firstRefusedLine == nil) == request.rejected.isEmpty, "the refused line is not named"
                        )
                    } catch {
                        account.note("\(error)")
                    }
                }
                return account
            }
        }
        decoder.tokens = [
            "\"", "\\", ",", "=", " ", "\n", "\r\n", "\t", "#", "\\ ", "\\,", "\\=", "\\\"", "0", "9", ".", "-", "e",
            "i",
            "u", "t", "true", "1e400", "NaN", "\u{0}", "é", "m f=1\n", " f=1", ",a=b", "99999999999999999999",
        ]
        decoder.ingestProtocol = .lineProtocol
        decoder.growth = 64 * precisions.count
        // A text in quotes may go over several lines.
        if precisions.count == 1 { decoder.mayBeCutAtLines = { !$0.contains(UInt8(ascii: "\"")) } }
        return decoder
    }

    private static func exposition(_ name: String, _ format: ExpositionFormat) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: ["ExpositionDecoder", "ExpositionFormat", "ExpositionLineText"]) {
            let registry = SeriesRegistry()
            let decoder = ExpositionDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                do throws(ExpositionError) {
                    let request = try decoder.decode(
                        input.span, format: format, extraLabels: [Label("job", "j"), Label("x", "")],
                        defaultTimestamp: arrival
                    ).request
                    account.note(request.batch, request.rejected, recordCount: request.recordCount, registry)
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = expositionTokens
        decoder.ingestProtocol = .exposition
        // Comments say of lines that follow of what type they are.
        if format == .text { decoder.mayBeCutAtLines = { !$0.contains(UInt8(ascii: "#")) } }
        return decoder
    }

    /// As a scraper reads what its targets answer.
    private static let scraped: DecoderUnderTest = {
        var decoder = DecoderUnderTest("exposition-scraped", of: ["ExpositionDecoder", "SeriesTransform"]) {
            let registry = SeriesRegistry()
            let decoder = ExpositionDecoder(registry: registry)
            let transform = SeriesTransform(sender: 7, takesTimestamps: true, sampleLimit: 50) { labels in
                if labels.contains(where: { $0.value == "drop" }) { return .dropped }
                return labels.count > 3 ? .refused("too many labels") : .series(labels + [Label("instance", "a")])
            }
            return { input in
                var account = DecodingAccount()
                do throws(ExpositionError) {
                    let scraped = try decoder.decode(
                        input.span, format: .detected(in: input.span), transform: transform, defaultTimestamp: arrival)
                    let request = scraped.request
                    account.note(
                        request.batch, request.rejected, recordCount: request.recordCount, registry,
                        dropped: scraped.dropped)
                    account.note("\(scraped.dropped) \(scraped.beyondLimit) \(scraped.isComplete) \(scraped.timed)")
                    account.require(
                        scraped.timed.allSatisfy { 0..<request.batch.count ~= $0 }, "a time of no sample")
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = expositionTokens + ["drop"]
        decoder.ingestProtocol = .scrape
        return decoder
    }()

    private static let expositionTokens = [
        "{", "}", "\"", "\\", ",", "=", "#", " ", "\t", "\n", "\r", "{}", " # {a=\"b\"} 1", "# TYPE h histogram\n",
        "\n# EOF\n", "\"m\"", "1", "-", ".", "e", "NaN", "+Inf", "0x1p3", "\u{0}", "é", "\u{feff}", "_created",
        "le=\"1\"", "# TYPE h summary\n", "quantile=\"0.5\"", "_bucket", "_sum", "# UNIT h seconds\n", "# HELP h \\\n",
    ]

    private static let statsD: DecoderUnderTest = {
        var decoder = DecoderUnderTest("statsd", of: ["StatsDDecoder"]) {
            let registry = SeriesRegistry()
            let decoder = StatsDDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                let decoded = decoder.decode(input.span)
                for sample in decoded.samples {
                    // Each decoder digests members in its own way.
                    let change = sample.change.kind == .set ? "member" : "\(sample.change)"
                    account.note("\(registry.labels(of: sample.series)) \(change)", size: 48)
                }
                account.note(decoded.rejected)
                account.require(decoded.lineCount >= decoded.rejected.count, "more lines are refused than came")
                // Each aggregator begins with nothing; what it refuses depends on what it has.
                let aggregator = StatsDAggregator(limits: .init(series: 100, idleMilliseconds: 1000))
                let refused = aggregator.take(decoded, of: input.span, at: arrival)
                account.require(refused.allSatisfy { !$0.payload.isEmpty && !$0.message.isEmpty }, "an empty refusal")
                var flushed = DecodingAccount()
                let batch = aggregator.flush(at: arrival + 10_000)
                flushed.note(batch, [], recordCount: batch.count, registry)
                for fault in flushed.faults { account.require(false, fault) }
                return account
            }
        }
        decoder.tokens = [
            ":", "|", "|c", "|g", "|ms", "|h", "|s", "|d", "|@0.1", "|#a:b,c", ";a=b", ",a=b", "+", "-", "1e400", "NaN",
            "\n", "\r\n", "é", "|T1656581400", "|c:ci-1", "_e{1,1}:a|b", "_sc|a|0", "0",
        ]
        decoder.ingestProtocol = .statsd
        decoder.mayBeCutAtLines = { _ in true }
        return decoder
    }()

    private static let graphite: DecoderUnderTest = {
        var decoder = DecoderUnderTest("graphite", of: ["GraphiteDecoder"]) {
            let registry = SeriesRegistry()
            let templates = ["servers.<source_id>.<metric>", "*.<a>.<metric>.count"].compactMap(GraphiteTemplate.init)
            let decoder = GraphiteDecoder(registry: registry, templates: templates)
            return { input in
                var account = DecodingAccount()
                let request = decoder.decode(input.span, receivedAt: arrival)
                account.note(request.batch, request.rejected, recordCount: request.recordCount, registry)
                return account
            }
        }
        decoder.tokens = [
            ".", "..", ";a=b", ";", "=", " ", "\t", "\n", "\r\n", "-1", "N", "nan", "inf", "1e400", "1700000000", "é",
            "servers.a.", "\u{0}",
        ]
        decoder.ingestProtocol = .graphite
        decoder.mayBeCutAtLines = { _ in true }
        return decoder
    }()

    private static let graphiteTemplate: DecoderUnderTest = {
        var decoder = DecoderUnderTest("graphite-template", of: ["GraphiteTemplate"]) {
            { input in
                var account = DecodingAccount()
                account.note("\(GraphiteTemplate(String(decoding: input, as: UTF8.self)) != nil)")
                return account
            }
        }
        decoder.tokens = ["<metric>", "<a>", "*", ".", "<", ">", "<__name__>", "é"]
        return decoder
    }()
}
