import TelemetryModel
import Testing

@testable import WireFormats

@Suite struct LineProtocolTests {
    /// A line, and what becomes of its fields; those without a time in it are those of `LineDecoding.receivedAt`.
    private static let lines: [(line: String, outcomes: [String])] = [
        // The mapping of names.
        ("cpu,host=a usage=1.5 1700000000123000000", [#"cpu_usage{host="a"} 1.5@1700000000123"#]),
        ("cpu,host=a value=2 1700000000123999999", [#"cpu{host="a"} 2.0@1700000000123"#]),
        (
            "cpu,host=a usage=1,value=2,idle=3i",
            [
                #"cpu_usage{host="a"} 1.0@1700000000000"#, #"cpu{host="a"} 2.0@1700000000000"#,
                #"cpu_idle{host="a"} 3.0@1700000000000"#,
            ]
        ),
        ("cpu usage=1", ["cpu_usage 1.0@1700000000000"]),
        (",host=a usage=1", [#"usage{host="a"} 1.0@1700000000000"#]),
        (",host=a value=1", [#"value{host="a"} 1.0@1700000000000"#]),
        ("cpu,host=,zone=z usage=1", [#"cpu_usage{zone="z"} 1.0@1700000000000"#]),
        ("cpu,zone=z,host=a usage=1", [#"cpu_usage{host="a", zone="z"} 1.0@1700000000000"#]),
        ("cpu,expression=a=b usage=1", [#"cpu_usage{expression="a=b"} 1.0@1700000000000"#]),
        // Escapes.
        (
            #"my\ cpu\,1,the\ host=a\,b\=c\ d the\ field\,\==1"#,
            [
                #"my cpu,1_the field,={the host="a,b=c d"} 1.0@1700000000000"#
            ]
        ),
        (#"my\=cpu,path=C:\dir\\x usage=1"#, [#"my\=cpu_usage{path="C:\\dir\\\\x"} 1.0@1700000000000"#]),
        (#"cpu,"host"=a "usage"=1"#, [#"cpu_"usage"{"host"="a"} 1.0@1700000000000"#]),
        ("température,lieu=été degrés=1", [#"température_degrés{lieu="été"} 1.0@1700000000000"#]),
        // Numbers.
        ("m f=-0", ["m_f -0.0@1700000000000"]), ("m f=-0i", ["m_f 0.0@1700000000000"]),
        ("m f=1e3", ["m_f 1000.0@1700000000000"]), ("m f=-1.5E-3", ["m_f -0.0015@1700000000000"]),
        ("m f=+5", ["m_f 5.0@1700000000000"]), ("m f=.5", ["m_f 0.5@1700000000000"]),
        ("m f=5.", ["m_f 5.0@1700000000000"]), ("m f=007.5", ["m_f 7.5@1700000000000"]),
        ("m f=007", ["m_f 7.0@1700000000000"]),
        ("m f=12345678901234567890", ["m_f 1.2345678901234567e+19@1700000000000"]),
        ("m f=9223372036854775807i", ["m_f 9.223372036854776e+18@1700000000000"]),
        ("m f=-9223372036854775808i", ["m_f -9.223372036854776e+18@1700000000000"]),
        ("m f=18446744073709551615u", ["m_f 1.8446744073709552e+19@1700000000000"]),
        ("m f=9223372036854775808i", ["number_out_of_range"]), ("m f=18446744073709551616u", ["number_out_of_range"]),
        ("m f=1e400", ["number_out_of_range"]),
        (
            "m f=1,g=-1e400,h=2",
            [
                "m_f 1.0@1700000000000", "number_out_of_range", "m_h 2.0@1700000000000",
            ]
        ),
        ("m f=NaN", ["invalid_line"]), ("m f=inf", ["invalid_line"]), ("m f=0x10", ["invalid_line"]),
        ("m f=1e", ["invalid_line"]), ("m f=--1", ["invalid_line"]), ("m f=-1u", ["invalid_line"]),
        ("m f=1.5i", ["invalid_line"]), ("m f=1ii", ["invalid_line"]), ("m f=i", ["invalid_line"]),
        ("m f=", ["invalid_line"]), ("m f=\(String(repeating: "1", count: 1025))", ["invalid_line"]),
        // Truth.
        ("m a=t,b=T,c=true,d=True,e=TRUE", "abcde".map { "m_\($0) 1.0@1700000000000" }),
        ("m a=f,b=F,c=false,d=False,e=FALSE", "abcde".map { "m_\($0) 0.0@1700000000000" }),
        ("m f=tRUE", ["invalid_line"]), ("m f=yes", ["invalid_line"]),
        // Texts: refused one by one.
        (#"m f="text""#, ["unsupported_value"]), (#"m f="""#, ["unsupported_value"]),
        (
            #"m a=1,f="a, b=c \" \\",b=2 1700000000123000000"#,
            [
                "m_a 1.0@1700000000123", "unsupported_value", "m_b 2.0@1700000000123",
            ]
        ),
        (
            "m f=\"two\nlines\r\n\",b=2\nm c=3",
            [
                "unsupported_value", "m_b 2.0@1700000000000", "m_c 3.0@1700000000000",
            ]
        ),
        // White space.
        ("", []), (" \t\r\n\n", []), ("# a comment", []), ("  # a comment with \"\nm f=1", ["m_f 1.0@1700000000000"]),
        ("m f=1\r\nm f=2 1700000000123000000\r\n", ["m_f 1.0@1700000000000", "m_f 2.0@1700000000123"]),
        (" m  f=1   1700000000123000000  ", ["m_f 1.0@1700000000123"]), ("m f=1 \r", ["m_f 1.0@1700000000000"]),
        ("m f=1\n\n\nm g=2", ["m_f 1.0@1700000000000", "m_g 2.0@1700000000000"]),
        // Times.
        ("m f=1 0", ["m_f 1.0@0"]), ("m f=1 -0", ["m_f 1.0@0"]),
        ("m f=1 4102444799999999999", ["m_f 1.0@4102444799999"]),
        ("m f=1 4102444800000000000", ["timestamp_out_of_range"]),
        ("m f=1,g=2 -1", ["timestamp_out_of_range"]), ("m f=1 9999999999999999999", ["timestamp_out_of_range"]),
        ("m f=1 99999999999999999999", ["timestamp_out_of_range"]), ("m f=1 1.5", ["invalid_line"]),
        ("m f=1 12a", ["invalid_line"]), ("m f=1 now", ["invalid_line"]), ("m f=1 1 2", ["invalid_line"]),
        ("m f=1 -", ["invalid_line"]), ("m f=1\rm g=1", ["invalid_line"]),
        // Broken lines: one record each, whatever they hold.
        ("m", ["invalid_line"]), ("m,host=a", ["invalid_line"]), ("m ", ["invalid_line"]), ("m f", ["invalid_line"]),
        ("m f 1", ["invalid_line"]), ("m =1", ["invalid_line"]), ("m f=1,", ["invalid_line"]),
        ("m f=1,,g=2", ["invalid_line"]), ("m f=1,g", ["invalid_line"]), ("m f=1,g=2,h=x 1", ["invalid_line"]),
        ("m, f=1,g=2", ["invalid_line"]), ("m,host f=1,g=2", ["invalid_line"]), ("m,=a f=1", ["invalid_line"]),
        ("m,host=a,,b=c f=1", ["invalid_line"]), (#"m f="open"#, ["invalid_line"]), (#"m f="a"b"#, ["invalid_line"]),
        (#"m\ f=1"#, ["invalid_line"]), (#"m f\=1"#, ["invalid_line"]),
        (
            "m f=1\nbroken\nm g=2,h=x\nm i=3",
            ["m_f 1.0@1700000000000", "invalid_line", "invalid_line", "m_i 3.0@1700000000000"]
        ),
        // What cannot be a series: refused for each field.
        ("m,a=1,a=2 f=1,g=2", ["duplicate_key", "duplicate_key"]), ("m,__name__=x f=1", ["duplicate_key"]),
        ("m,\(String(repeating: "n", count: 1025))=x f=1", ["value_too_long"]),
        ("m,a=\(String(repeating: "v", count: 4097)) f=1", ["value_too_long"]),
        ("m\((0..<129).map { ",t\($0)=1" }.joined()) f=1", ["too_many_tags"]),
    ]

    @Test func everyLine() throws {
        for (line, expected) in Self.lines {
            // Twice: the second time its series are known.
            let decoding = LineDecoding()
            for _ in 0..<2 {
                let found = try decoding.outcomes(line)
                #expect(found == expected, "\(line.prefix(100))")
                #expect(
                    try decoding.outcomes("first v=1\n\(line)\nlast v=2").dropFirst().dropLast() == expected[...],
                    "\(line.prefix(100))")
            }
        }
    }

    @Test func textThatIsNoUTF8() throws {
        let decoding = LineDecoding()
        let lines = Array("m,a=".utf8) + [0xFF] + Array(" f=1,g=2\nm f=3".utf8)
        let outcomes = decoding.outcomes(try decoding.decode(lines).request)
        #expect(outcomes == ["invalid_utf8", "invalid_utf8", "m_f 3.0@1700000000000"])
    }

    @Test func precision() throws {
        let units: [(String, Int64)] = [
            ("ns", 1_700_000_000_000_000_000), ("n", 1_700_000_000_000_000_000), ("", 1_700_000_000_000_000_000),
            ("us", 1_700_000_000_000_000), ("u", 1_700_000_000_000_000), ("µ", 1_700_000_000_000_000),
            ("µs", 1_700_000_000_000_000), ("\u{3BC}s", 1_700_000_000_000_000), ("ms", 1_700_000_000_000),
            ("s", 1_700_000_000),
        ]
        for (name, time) in units {
            let unit = try #require(LinePrecision(name))
            let parameters = LineProtocolParameters(precision: unit)
            #expect(try LineDecoding().outcomes("m f=1 \(time)", parameters) == ["m_f 1.0@1700000000000"], "\(name)")
        }
        let minutes = LineProtocolParameters(precision: try #require(LinePrecision("m")))
        #expect(try LineDecoding().outcomes("m f=1 28333333", minutes) == ["m_f 1.0@1699999980000"])
        let hours = LineProtocolParameters(precision: try #require(LinePrecision("h")))
        #expect(try LineDecoding().outcomes("m f=1 472222", hours) == ["m_f 1.0@1699999200000"])
        #expect(try LineDecoding().outcomes("m f=1 9000000000000000000", hours) == ["timestamp_out_of_range"])
        #expect(["d", "NS", "sec", "1"].allSatisfy { LinePrecision($0) == nil })
    }

    @Test func theDatabaseIsALabel() throws {
        let decoding = LineDecoding()
        func outcomes(_ database: String) throws -> [String] {
            try decoding.outcomes("m,host=a f=1\nm,db=own f=2", LineProtocolParameters(database: database))
        }
        // The same bytes under several databases are several series, also when they are known.
        for _ in 0..<2 {
            for database in ["one", "tow", "o", "a long name = with, signs"] {
                #expect(
                    try outcomes(database) == [
                        #"m_f{db="\#(database)", host="a"} 1.0@1700000000000"#, #"m_f{db="own"} 2.0@1700000000000"#,
                    ])
            }
            #expect(try outcomes("") == [#"m_f{host="a"} 1.0@1700000000000"#, #"m_f{db="own"} 2.0@1700000000000"#])
        }
        #expect(decoding.registry.count == 6)
    }

    @Test func whatIsRefusedSaysWhere() throws {
        let decoding = LineDecoding()
        let text =
            "m f=1\n\n# é\nmé f=1,g=oops 5\nm h=\"a\nb\" x\nm,bad f=1,g=2\nm s=\"t\",source_id=\"no\"\nm,source_id=p1 s=\"t\" 7"
        let decoded = try decoding.decode(text)
        let refused = decoded.request.rejected
        #expect(
            refused.map(\.message) == [
                "Line 4, column 10: expected a number, true, false or a text in quotes, got \"oops\".",
                "Line 6, column 4: expected the time as a whole number of nanoseconds, got \"x\".",
                "Line 7, column 3: expected a tag such as host=a after a comma, got \"bad\".",
                "Line 8: s: expected a number, true or false, got the text \"t\"; texts are not stored as samples.",
                "Line 8: source_id: expected a number, true or false, got the text \"no\"; texts are not stored as samples.",
                "Line 9: s: expected a number, true or false, got the text \"t\"; texts are not stored as samples.",
            ])
        #expect(
            refused.map { String(decoding: $0.payload, as: UTF8.self) } == [
                "mé f=1,g=oops 5", "m h=\"a\nb\" x", "m,bad f=1,g=2", "m s=\"t\" 1700000000000000000",
                "m source_id=\"no\" 1700000000000000000", "m,source_id=p1 s=\"t\" 0000000",
            ])
        #expect(refused.map(\.index) == [1, 2, 3, 4, 5, 6])
        #expect(refused.map(\.field) == [nil, nil, nil, "s", "source_id", "s"])
        #expect(refused.map(\.sourceID) == [nil, nil, nil, nil, nil, "p1"])
        #expect(decoded.firstRefusedLine == 4)
        #expect(decoded.request.recordCount == 7 && decoded.request.batch.count == 1)
    }

    @Test func aRefusedFieldIsKeptAsALineOfItsOwn() throws {
        let decoding = LineDecoding(seriesLimit: 1)
        let parameters = LineProtocolParameters(precision: .seconds, database: "my db")
        let refused = try decoding.decode("m,a=1 f=1,g=2,h=3i 1700000000", parameters).request.rejected
        #expect(refused.map(\.reason) == [.seriesLimit, .seriesLimit])
        let payloads = refused.map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(
            payloads == [
                #"m,a=1,db=my\ db g=2 1700000000000000000"#, #"m,a=1,db=my\ db h=3i 1700000000000000000"#,
            ])
        // Without any parameters it says the same.
        #expect(try LineDecoding().outcomes(payloads[0]) == [#"m_g{a="1", db="my db"} 2.0@1700000000000"#])
    }

    /// With one of them a replay as it was would take the line.
    @Test func bothCarriageReturnsOfARefusedLineAreKept() throws {
        let refused = try LineDecoding().decode("m f=1 17\r\r\nm f=2 18\r\n").request.rejected
        #expect(refused.map { String(decoding: $0.payload, as: UTF8.self) } == ["m f=1 17\r\r"])
        #expect(
            refused.map(\.message) == [
                "Line 1, column 7: expected the time as a whole number of nanoseconds, got \"17\u{240D}\"."
            ])
        #expect(try LineDecoding().outcomes("m f=1 17\r\r") == ["invalid_line"])
    }

    @Test func aQuoteThatIsMissingCostsOneLine() throws {
        let decoding = LineDecoding()
        #expect(
            try decoding.outcomes("m a=\"x\nm b=1\nm c=\"y\",d=2\nm e=3") == [
                "invalid_line", "m_b 1.0@1700000000000", "unsupported_value", "m_d 2.0@1700000000000",
                "m_e 3.0@1700000000000",
            ])
        let many = String(repeating: "m a=\"x\n", count: 20_001)
        #expect(try decoding.decode(many).request.rejected.count == 20_001)
    }

    @Test func atMostSoManyRecords() throws {
        let decoding = LineDecoding(maximumRecords: 600)
        let fields = (0..<600).map { "f\($0)=1" }.joined(separator: ",")
        #expect(try decoding.decode("m \(fields)").request.batch.count == 600)
        let lines = String(repeating: "m f=1\n", count: 600)
        #expect(try decoding.decode(lines).request.batch.count == 600)
        #expect(try decoding.decode(String(repeating: "x\n", count: 600)).request.rejected.count == 600)
        let tooMany = [
            lines + "m f=1", "m \(fields),g=1", "m \(fields),g=\"\"", String(repeating: "x\n", count: 601),
            "m \(fields)\nx", "m \(fields),g=1,h=2 broken",
        ]
        for text in tooMany { #expect(throws: TooManyLines.self) { try decoding.decode(text) } }
    }

    @Test func seriesAreSharedWithOtherSpellings() throws {
        let decoding = LineDecoding()
        let texts = ["m,a=1,b=2 f=1", "m,b=2,a=1 f=1", #"m\,,a=1,b=2 f=1"#, "m,a=1,b=2,c= f=1", ",a=1,b=2 m_f=1"]
        for text in texts + texts { #expect(try decoding.decode(text).request.rejected.isEmpty) }
        #expect(decoding.registry.count == 2)
    }
}
