import TelemetryModel
import Testing

@testable import WireFormats

/// The two text formats, line by line.
@Suite struct ExpositionGrammarTests {
    /// Every line twice: as one of a series never seen, and as one that is known.
    private func check(
        _ line: String, _ expected: String, _ format: ExpositionFormat = .text,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let readings = ExpositionReadings()
        for _ in 0..<2 {
            #expect(try readings.outcomes(line, format) == [expected], sourceLocation: sourceLocation)
        }
        let among = try readings.outcomes("a 1\n\(line)\r\nb 2", format)
        let second = expected.replacing("Line 1", with: "Line 2")
        #expect(among == ["a 1.0", second, "b 2.0"], sourceLocation: sourceLocation)
    }

    @Test(
        arguments: [
            ("m 1", "m 1.0"), ("  m\t 1  ", "m 1.0"), ("m{} 1", "m 1.0"), ("m{ } 1", "m 1.0"), ("m{}1", "m 1.0"),
            ("m {a=\"b\"} 1", #"m{a="b"} 1.0"#), (#"m{a="b",}1"#, #"m{a="b"} 1.0"#),
            (#"m{ a = "b" , c="d" } -2.5e3"#, #"m{a="b", c="d"} -2500.0"#),
            (#"m{c="d",a="b"} 1"#, #"m{a="b", c="d"} 1.0"#),
            (#"m{a="",b="x"} 1"#, #"m{b="x"} 1.0"#), (":a:b_9 1", ":a:b_9 1.0"),
            (#"m{_a9="{}=,#"} 1"#, #"m{_a9="{}=,#"} 1.0"#),
            (#"m{a="x\\y\"z\nw\q\t"} 1"#, #"m{a="x\\y\"z\nw\\q\\t"} 1.0"#), (#"m{a="é😀"} 1"#, #"m{a="é😀"} 1.0"#),
            ("m{a=\"tab\there\"} 1", "m{a=\"tab\there\"} 1.0"), (#"m{a="\\"} 1"#, #"m{a="\\"} 1.0"#),
            (#"{"my.metric"} 1"#, "my.metric 1.0"), (#"{"my.metric",a="b"} 1"#, #"my.metric{a="b"} 1.0"#),
            (#"{a="b","my.metric"} 1"#, #"my.metric{a="b"} 1.0"#),
            (#"{"a\"b\\c" , "x.y"="z",} 1"#, #"a"b\c{x.y="z"} 1.0"#),
            (#"m{"a.b"="c"} 1"#, #"m{a.b="c"} 1.0"#), (#"{__name__="m",a="b"} 1"#, #"m{a="b"} 1.0"#),
            ("m 1 1234567890123", "m 1.0 @1234567890123"), ("m 1 0", "m 1.0 @0"), ("m 1 +5 ", "m 1.0 @5"),
        ])
    func linesOfBothKinds(line: String, expected: String) throws { try check(line, expected) }

    @Test(
        arguments: [
            ("1", "1.0"), ("+1", "1.0"), ("-1", "-1.0"), (".5", "0.5"), ("5.", "5.0"), ("007", "7.0"), ("-0", "-0.0"),
            ("1e5", "100000.0"), ("1.E+2", "100.0"), ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("0.1", "0.1"), ("4.9e-324", "5e-324"), ("1e-400", "0.0"), ("NaN", "nan"), ("nan", "nan"), ("+Inf", "inf"),
            ("-inf", "-inf"), ("Infinity", "inf"), ("INF", "inf"),
        ])
    func values(text: String, expected: String) throws {
        try check("m \(text)", "m \(expected)")
        try check("m \(text)", "m \(expected)", .openMetrics)
    }

    @Test func hexadecimalValuesAreOfTheOldFormatAlone() throws {
        for (text, value) in [("0x1p3", "8.0"), ("-0X1.8P+1", "-3.0"), ("0x.8p0", "0.5")] {
            try check("m \(text)", "m \(value)")
            try check(
                "m \(text)",
                "! invalid_line: Line 1: at column 3, expected a number, NaN, +Inf or -Inf, got \"\(text)\".",
                .openMetrics)
        }
    }

    @Test(
        arguments: [
            "-", "+", ".", "e5", "1e", "1e+", "1_000", "0x", "0x1", "0x1p", "0xp3", "1.2.3", "+NaN", "-nan", "in", "1x",
            "--1",
        ])
    func whatIsNoValue(text: String) throws {
        try check(
            "m \(text)", "! invalid_line: Line 1: at column 3, expected a number, NaN, +Inf or -Inf, got \"\(text)\".")
    }

    @Test(
        arguments: [
            ("m", 2, "expected a value, got the end of the line."), ("{} 1", 1, ""), ("{a=\"b\"} 1", 1, ""),
            ("1m 1", 1, "expected the name of a metric, of letters, digits, _ and :, got \"1m\"."),
            ("a.b 1", 1, "Other names are written in quotes inside the braces: {\"a.b\",label=\"value\"}."),
            ("m{ 1", 5, "expected } after the labels, got the end of the line."),
            ("m{a} 1", 4, "expected = after the label's name, got \"}\"."),
            ("m{a b=\"c\"} 1", 5, "expected = after the label's name, got \"b=\"c\"}\"."),
            ("m{a=} 1", 5, "expected the label's value in double quotes, got \"}\"."),
            ("m{a=b} 1", 5, "expected the label's value in double quotes, got \"b}\"."),
            ("m{=\"b\"} 1", 3, "expected the name of a label or }, got \"=\"b\"}\"."),
            ("m{,} 1", 3, "expected the name of a label or }, got \",}\"."),
            ("m{a=\"b\",,} 1", 9, "expected the name of a label or }, got \",}\"."),
            ("m{a=\"b\" c=\"d\"} 1", 9, "expected a comma or } after the label's value, got \"c=\"d\"}\"."),
            ("m{9a=\"b\"} 1", 3, "expected the name of a label, of letters, digits and _, got \"9a=\"b\"}\"."),
            ("m{é.x=\"b\",a-b=\"c\"} 1", 3, "Other names are written in quotes."),
            ("m{a=\"é\",a-b=\"c\"} 1", 9, "Other names are written in quotes."),
            ("m{a=\"b} 1", 10, "expected a closing quote, got the end of the line."),
            ("m{a=\"b\\\"} 1", 12, "expected a closing quote"), ("m{a=\"b\\", 8, "expected a closing quote"),
            ("{\"m\",\"n\"} 1", 6, "expected one name of a metric, got a second one"),
            ("m{\"n\"} 1", 3, "expected one name of a metric, got a second one"),
            (
                "m 1 x", 5,
                "expected a time (whole milliseconds since 1970; in OpenMetrics seconds with any fraction), got \"x\"."
            ),
            ("m 1 1.5", 5, "expected a time"), ("m 1 -", 5, "expected a time"),
            ("m 1 1 1", 7, "expected the end of the line, got \"1\"."),
            ("m 1 # {} 1", 5, "expected the end of the line, got \"#\"."),
            ("m 1 1 # {} 1", 7, "expected the end of the line"),
            ("m = 1", 3, "expected a number"), ("m{a=\"b\"}", 9, "expected a value, got the end of the line."),
            ("m\"x\" 1", 1, "expected the name of a metric"), ("= 1", 1, "expected the name of a metric"),
        ])
    func brokenLines(line: String, column: Int, message: String) throws {
        let readings = ExpositionReadings()
        let decoded = try readings.decode("a 1\n\n \(line)\nb 2")
        #expect(decoded.request.batch.count == 2 && decoded.request.recordCount == 3)
        let record = try #require(decoded.request.rejected.first)
        #expect(record.index == 1 && record.payload == Array(" \(line)".utf8))
        if message.isEmpty {
            #expect(record.reason == .missingField && record.message.hasPrefix("Line 3: The series has no name"))
        } else {
            #expect(record.reason == .invalidLine)
            #expect(record.message.hasPrefix("Line 3: at column \(column + 1), expected "), "\(record.message)")
            #expect(record.message.contains(message), "\(record.message)")
        }
        // It is not remembered as a series in order.
        #expect(try readings.decode("\(line)\n").request.rejected.count == 1)
    }

    @Test func refusalsWithReasonsOfTheirOwn() throws {
        let long = String(repeating: "x", count: 5000)
        for (line, reason, message) in [
            ("m 1e400", "number_out_of_range", "at column 3, expected a number that a 64-bit float can hold"),
            ("m 1 4102444800000", "timestamp_out_of_range", "got 4102444800000 milliseconds"),
            ("m 1 -1", "timestamp_out_of_range", "got -1 milliseconds"),
            ("m 1 99999999999999999999", "timestamp_out_of_range", "at column 5, expected a time in the years"),
            (#"m{a="1",a="2"} 1"#, "duplicate_key", "The label a stands in the series more than once"),
            (#"m{__name__="n"} 1"#, "duplicate_key", "The label __name__"),
            (#"m{a="\#(long)"} 1"#, "value_too_long", "expected at most 4096 bytes, got 5000"),
            (#"{"",a="b"} 1"#, "missing_field", "The series has no name"),
            (#"m{""="b"} 1"#, "empty_value", "a label's name"),
        ] {
            let outcome = try #require(try ExpositionReadings().outcomes(line).first)
            #expect(outcome.hasPrefix("! \(reason): Line 1: ") && outcome.contains(message), "\(outcome)")
        }
        let readings = ExpositionReadings()
        let decoded = try readings.decode(Array(#"m{a=""#.utf8) + [0xFF] + Array("\"} 1\nn 2\n".utf8))
        #expect(decoded.request.rejected.map(\.reason) == [.invalidUTF8] && decoded.request.batch.count == 1)
        #expect(try ExpositionReadings(seriesLimit: 1).outcomes("m 1\nn 2")[1].hasPrefix("! series_limit: Line 2: "))
    }

    @Test func whatIsNoSample() throws {
        let readings = ExpositionReadings()
        let text = """

            # HELP m What it is. {"}
              # anything
            #
            # TYPE m counter
            \t
            # UNIT m seconds
            #TYPE m gauge
            #\tTYPE  "a b"  untyped\t
            m 1
            # EOF
            """
        #expect(try readings.outcomes(text) == ["m 1.0"])
        #expect(try readings.outcomes("") == [] && readings.outcomes("\n \n") == [])
        for (line, message) in [
            ("# TYPE", "at column 7, expected the name of a metric after TYPE, got the end of the line."),
            ("# TYPE m", "at column 9, expected one of counter"), ("# TYPE m meter", "as the type, got \"meter\"."),
            ("# TYPE m counter x", "at column 18, expected the end of the line"),
            ("# TYPE \"m counter", "a closing quote"),
        ] {
            let outcomes = try readings.outcomes("\(line)\nm 1")
            #expect(outcomes.count == 2 && outcomes[1] == "m 1.0")
            #expect(outcomes[0].hasPrefix("! invalid_line: Line 1: ") && outcomes[0].contains(message), "\(outcomes)")
        }
    }

    @Test func theSenderOfARefusedLineIsNamed() throws {
        let readings = ExpositionReadings()
        #expect(try readings.decode(#"m{source_id="a"} 1 -5"#).request.rejected.map(\.sourceID) == ["a"])
        for line in [#"m{b="c",source_id="a",x} 1"#, #"m{source_id="a"} x"#, #"{"m",source_id="a""#] {
            #expect(try readings.decode(line).request.rejected.map(\.sourceID) == ["a"])
        }
        for line in ["m{a} 1", "m x", #"m{source_id="a} 1"#, #"m{a} 1 # {source_id="a"}"#, "m{source_id=\"\\"] {
            #expect(try readings.decode(line).request.rejected.map(\.sourceID) == [nil])
        }
        let labels = [Label("source_id", "b")]
        #expect(try readings.decode("m{a} 1", extraLabels: labels).request.rejected.map(\.sourceID) == ["b"])
    }

    @Test func noMoreThanAllowed() throws {
        let readings = ExpositionReadings(maximumRecords: 3)
        #expect(try readings.decode("a 1\nb\nc 1\n").request.recordCount == 3)
        #expect(throws: ExpositionError.tooManyRecords(limit: 3)) { try readings.decode("a 1\nb\nc 1\n\nd 1") }
    }
}
