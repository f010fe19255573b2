import TelemetryModel
import Testing

@testable import WireFormats

/// What OpenMetrics has beyond the older format, and what types do.
@Suite struct OpenMetricsTests {
    private let readings = ExpositionReadings()

    @Test(
        arguments: [
            ("1", 1000), ("1.5", 1500), ("1700000000.123", 1_700_000_000_123), ("1.6e9", 1_600_000_000_000),
            ("0.0004", 0), ("0", 0),
        ])
    func timesAreSeconds(text: String, milliseconds: Int64) throws {
        #expect(try readings.outcomes("m 1 \(text)", .openMetrics) == ["m 1.0 @\(milliseconds)"])
    }

    @Test(arguments: ["NaN", "inf", "x", "1e400", "1e300", "-1", "4102444800"])
    func otherTimesAreRefused(text: String) throws {
        let outcome = try #require(try readings.outcomes("m 1 \(text)", .openMetrics).first)
        #expect(outcome.hasPrefix("! invalid_line") || outcome.hasPrefix("! timestamp_out_of_range"), "\(outcome)")
    }

    @Test func exemplarsAreCheckedAndCounted() throws {
        let text = """
            # TYPE foo histogram
            foo_bucket{le="0.01"} 0
            foo_bucket{le="1"} 8 # {} 0.67
            foo_bucket{le="10.0"} 11 1520879607 # {trace_id="KOO5S4vxi0o",span="a\\"}"} 9.8 1520879607.789
            foo_bucket{le="+Inf"} 17 # { a = "b" } +Inf\u{20}
            foo_count 17 # {"a.b"="c"} 1
            foo_sum 324789.3
            # EOF
            """
        let decoded = try readings.decode(text, .openMetrics)
        #expect(decoded.exemplars == 4 && decoded.isComplete && decoded.request.rejected.isEmpty)
        #expect(
            readings.outcomes(decoded) == [
                #"foo_bucket{le="0.01"} 0.0"#, #"foo_bucket{le="1.0"} 8.0"#,
                #"foo_bucket{le="10.0"} 11.0 @1520879607000"#,
                #"foo_bucket{le="+Inf"} 17.0"#, "foo_count 17.0", "foo_sum 324789.3",
            ])
        for (line, message) in [
            ("m 1 # x", "at column 7, expected the labels of an exemplar in braces after #, got \"x\"."),
            ("m 1 #", "expected the labels of an exemplar"), ("m 1 # {a} 1", "expected = after the label's name"),
            ("m 1 # {} x", "expected a number"), ("m 1 # {}", "expected a value"), ("m 1 # {} 1 x", "expected a time"),
            ("m 1 # {} 1 1 1", "expected the end of the line"), ("m 1 # {a=\"b} 1", "expected a closing quote"),
            ("m 1 # {\"a\"} 1", "expected label=\"value\" in an exemplar"), ("m 1 # {", "expected }"),
        ] {
            let decoded = try readings.decode(line + "\nn 1", .openMetrics)
            #expect(decoded.exemplars == 0 && decoded.request.batch.count == 1)
            let outcome = readings.outcomes(decoded)[0]
            #expect(outcome.hasPrefix("! invalid_line: Line 1: ") && outcome.contains(message), "\(outcome)")
        }
    }

    @Test func theEndIsLookedFor() throws {
        #expect(try !readings.decode("m 1\n", .openMetrics).isComplete)
        #expect(try readings.decode("m 1\n", .text).isComplete)
        #expect(try readings.decode("m 1\n# EOF", .openMetrics).isComplete)
        #expect(try !readings.decode("m 1\n# EOF x", .openMetrics).isComplete)
        let after = try readings.outcomes("m 1\n# EOF\n\n# c\nn 1\n", .openMetrics)
        #expect(after == ["m 1.0", "! invalid_line: Line 5: at column 1, expected nothing after # EOF, got \"n\"."])
    }

    @Test func theTextTellsItsFormat() {
        func detected(_ text: String) -> ExpositionFormat { .detected(in: Array(text.utf8).span) }
        for text in ["# EOF", "m 1\n# EOF\n", "m 1\n# EOF\r\n\n "] { #expect(detected(text) == .openMetrics) }
        for text in ["", "EOF", "m 1\n", "m 1\n# EOF\nn 1", "m{a=\"# EOF", "x # EOF", "# EOFs"] {
            #expect(detected(text) == .text)
        }
    }

    @Test func createdTimesAreStartsAndSeries() throws {
        let text = """
            # TYPE a counter
            a_total{x="1"} 1 5
            a_created{x="1"} 2.5
            a_total{x="2"} 2 5
            a_total{x="3"} 3 5
            broken{
            a_created{x="3"} 3
            # TYPE b histogram
            b_bucket{x="1",le="1"} 1 5
            b_bucket{le="+Inf",x="1"} 1 5
            b_sum{x="1"} 1 5
            b_created{x="1"} 4
            b_count{x="1"} 1 5
            b_count{x="2"} 1 5
            # TYPE "c d" summary
            {"c d_created"} 1 5
            {"c d",quantile="0"} 1 5
            {"c d_sum"} 1 5
            other 1 5
            # TYPE g gauge
            g_created 1 5
            g 1 5
            # TYPE late counter
            late_total 1 5
            late_created 6 5
            late_total{x="1"} 1 5
            late_created{x="1"} NaN 5
            # EOF
            """
        #expect(
            try readings.outcomes(text, .openMetrics) == [
                #"a_total{x="1"} 1.0 @5000 from 2500"#, #"a_created{x="1"} 2.5"#, #"a_total{x="2"} 2.0 @5000"#,
                #"a_total{x="3"} 3.0 @5000 from 3000"#,
                "! invalid_line: Line 6: at column 8, expected } after the labels, got the end of the line.",
                #"a_created{x="3"} 3.0"#,
                #"b_bucket{le="1.0", x="1"} 1.0 @5000 from 4000"#, #"b_bucket{le="+Inf", x="1"} 1.0 @5000 from 4000"#,
                #"b_sum{x="1"} 1.0 @5000 from 4000"#, #"b_created{x="1"} 4.0"#,
                #"b_count{x="1"} 1.0 @5000 from 4000"#, #"b_count{x="2"} 1.0 @5000"#, "c d_created 1.0 @5000",
                #"c d{quantile="0.0"} 1.0 @5000 from 1000"#, "c d_sum 1.0 @5000 from 1000", "other 1.0 @5000",
                "g_created 1.0 @5000", "g 1.0 @5000", "late_total 1.0 @5000", "late_created 6.0 @5000",
                #"late_total{x="1"} 1.0 @5000"#, #"late_created{x="1"} nan @5000"#,
            ])
        // The older format has series of that name, but no such meaning.
        let old = try readings.decode("# TYPE a counter\na_total 1 5000\na_created 2\n")
        #expect(old.request.batch.starts.isEmpty && old.request.batch.count == 2)
    }

    @Test func aMetricThatIsLongerThanALookUpKeepsItsStart() throws {
        let buckets = (0..<2000).map { "b_bucket{x=\"\($0 / 1000)\",le=\"\($0 % 1000)\"} 1 5" }
        let text =
            "# TYPE b histogram\n" + buckets[..<1000].joined(separator: "\n") + "\nb_created{x=\"0\"} 1\n"
            + buckets[1000...].joined(separator: "\n") + "\nb_created{x=\"1\"} 2\n# EOF"
        let batch = try readings.decode(text, .openMetrics).request.batch
        #expect(batch.count == 2002 && batch.starts.count == 2000)
        #expect(batch.starts.allSatisfy { $0.startTimestamp == ($0.sampleIndex < 1000 ? 1000 : 2000) })
    }

    @Test func endlessMetricsCostNoMoreThanOthers() throws {
        let many = 200_000
        let created =
            "# TYPE a counter\na_total 1 5\n" + String(repeating: "a_created 1\na_total 2 5\n", count: many) + "# EOF"
        let batch = try readings.decode(created, .openMetrics).request.batch
        #expect(batch.count == 2 * many + 1 && batch.starts.count == many + 1)
        let late = "# TYPE a counter\n" + String(repeating: "a_total 1 5\n", count: many) + "a_created 1\n# EOF"
        let starts = try readings.decode(late, .openMetrics).request.batch.starts
        #expect(starts.last?.sampleIndex == many - 1 && (1...65_536).contains(starts.count))
    }

    @Test func boundsAreWrittenAsPrometheus3WritesThem() throws {
        for (bound, written) in [
            ("1", "1.0"), ("1.0", "1.0"), ("0", "0.0"), ("-3", "-3.0"), ("0.005", "0.005"), ("1e6", "1e+06"),
            ("1000000", "1e+06"),
            ("+Inf", "+Inf"), ("Inf", "+Inf"), ("2.50", "2.5"), ("100000", "100000.0"), ("x", "x"),
        ] {
            let text = "# TYPE h histogram\nh_bucket{le=\"\(bound)\"} 1\n# TYPE s summary\ns{quantile=\"\(bound)\"} 1\n"
            #expect(
                try readings.outcomes(text)
                    == ["h_bucket{le=\"\(written)\"} 1.0", "s{quantile=\"\(written)\"} 1.0"])
        }
        // Only of the family, only that label, and only with such a type, although the text is the same.
        for (type, lines, written) in [
            ("gauge", #"h_bucket{le="1"} 1"#, #"h_bucket{le="1"} 1.0"#),
            ("histogram", #"h_bucket{le="1"} 1"#, #"h_bucket{le="1.0"} 1.0"#),
            ("summary", #"h_bucket{le="1"} 1"#, #"h_bucket{le="1"} 1.0"#),
            ("histogram", #"h{quantile="1"} 1"#, #"h{quantile="1"} 1.0"#),
            ("summary", #"h{quantile="1"} 1"#, #"h{quantile="1.0"} 1.0"#),
            ("histogram", #"i_bucket{le="1"} 1"#, #"i_bucket{le="1"} 1.0"#),
        ] {
            #expect(try readings.outcomes("# TYPE h \(type)\n\(lines)") == [written])
        }
    }

    @Test func extraLabelsComeFirst() throws {
        let text = "m 1\nm{job=\"a\",b=\"c\"} 2\n\nx{\n# TYPE h histogram\nh_bucket{le=\"1\"} 3\n"
        let plain = try readings.outcomes(text)
        #expect(plain[0] == "m 1.0" && plain[1] == #"m{b="c", job="a"} 2.0"# && plain[3] == #"h_bucket{le="1.0"} 3.0"#)
        for (labels, added, others) in [
            ([Label("job", "j")], #"{job="j"}"#, #"{b="c", job="j"}"#),
            ([Label("job", "j"), Label("i", "\n")], #"{i="\n", job="j"}"#, #"{b="c", i="\n", job="j"}"#),
            ([Label("job", "")], "", #"{b="c"}"#), ([Label("b", ""), Label("job", "j")], #"{job="j"}"#, #"{job="j"}"#),
        ] {
            for _ in 0..<2 {
                let outcomes = try readings.outcomes(text, extraLabels: labels)
                #expect(outcomes[0] == "m\(added) 1.0" && outcomes[1] == "m\(others) 2.0")
                #expect(outcomes[2].hasPrefix("! invalid_line: Line 4: at column 3, expected }"), "\(outcomes[2])")
            }
        }
        #expect(try readings.outcomes(text) == plain)
        let tooMany = (0..<200).map { Label("l\($0)", "v") }
        #expect(try readings.outcomes("m 1", extraLabels: tooMany)[0].hasPrefix("! too_many_tags: Line 1: "))
    }
}
