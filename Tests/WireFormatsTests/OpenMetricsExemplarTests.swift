import TelemetryModel
import Testing

@testable import WireFormats

/// Exemplars in OpenMetrics' text.
@Suite struct OpenMetricsExemplarTests {
    private let readings = ExpositionReadings()
    private static let arrival = ExpositionReadings.receivedAt

    @Test func exemplarsComeWithTheirSamples() throws {
        let text = """
            # TYPE foo histogram
            foo_bucket{le="0.01"} 0
            foo_bucket{le="1"} 8 # {} 0.67
            foo_bucket{le="10.0"} 11 1520879607 # {trace_id="KOO5S4vxi0o",span="a\\"}"} 9.8 1520879607.789
            foo_bucket{le="+Inf"} 17 1520879608 # { a = "b" } +Inf\u{20}
            foo_count 17 # {"a.b"="c"} 1
            # EOF
            """
        for _ in 0..<2 {
            let decoded = try readings.decode(text, .openMetrics, extraLabels: [Label("job", "x")])
            #expect(
                decoded.request.exemplars(readings.registry) == [
                    #"foo_bucket{job="x", le="1.0"} # {} 0.67 @\#(Self.arrival)"#,
                    #"foo_bucket{job="x", le="10.0"} # {span="a\"}", trace_id="KOO5S4vxi0o"} 9.8 @1520879607789"#,
                    // Without a time of its own it has that of its sample.
                    #"foo_bucket{job="x", le="+Inf"} # {a="b"} inf @1520879608000"#,
                    #"foo_count{job="x"} # {a.b="c"} 1.0 @\#(Self.arrival)"#,
                ])
            #expect(decoded.exemplars == 4 && decoded.request.rejectedExemplars == 0)
        }
    }

    /// OpenMetrics 1.0: names and values have at most 128 characters together.
    @Test(arguments: [
        (#"{a="\#(String(repeating: "ä", count: 127))"}"#, true),
        (#"{a="\#(String(repeating: "x", count: 128))"}"#, false),
        (#"{a="1",a="2"}"#, false), (#"{a="\#(String(repeating: "x", count: 100_000))"}"#, false),
        (#"{a="1",b=""}"#, true),
    ])
    func oneBeyondTheBoundsIsCountedAndItsSampleIsTaken(labels: String, isTaken: Bool) throws {
        let decoded = try readings.decode("m 1 # \(labels) 1\nn 2\n# EOF", .openMetrics)
        #expect(decoded.request.batch.count == 2 && decoded.request.rejected.isEmpty)
        #expect(decoded.request.batch.exemplars.count == (isTaken ? 1 : 0))
        #expect(decoded.exemplars == 1 && decoded.request.rejectedExemplars == (isTaken ? 0 : 1))
    }

    @Test func whatIsNotTakenHasNone() throws {
        let decoded = try readings.decode(
            "m 1 99999999999 # {} 1\nm{a=\"1\",a=\"2\"} 1 # {} 1\nm 1 # {} 1 99999999999\n# EOF", .openMetrics)
        #expect(decoded.request.batch.exemplars.isEmpty && decoded.request.rejectedExemplars == 3)
        #expect(decoded.request.batch.count == 1, "the third is refused its exemplar only")
    }

    /// More lines than share a look-up, and a transform that leaves some out.
    @Test func aTransformTakesThemAlong() throws {
        let text = (0..<1000).map { "m{n=\"\($0)\"} \($0) # {trace_id=\"t\($0)\"} \($0)\n" }.joined() + "# EOF\n"
        let transform = SeriesTransform(sender: 1, takesTimestamps: true) { labels in
            labels.contains { $0.name == "n" && $0.value.hasSuffix("7") }
                ? .dropped : .series(labels + [Label("job", "j")])
        }
        let decoded = try readings.decoder.decode(
            Array(text.utf8).span, format: .openMetrics, transform: transform, defaultTimestamp: Self.arrival)
        #expect(decoded.dropped == 100 && decoded.request.batch.exemplars.count == 900)
        // They are left out of purpose, with their series.
        #expect(decoded.request.rejectedExemplars == 0)
        for entry in decoded.request.batch.exemplars {
            let number = readings.registry.labels(of: entry.series)["n"] ?? ""
            #expect(entry.exemplar.labels["trace_id"] == "t\(number)")
        }
    }
}
