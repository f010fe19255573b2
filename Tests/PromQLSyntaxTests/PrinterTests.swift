import PromQLSyntax
import TestSupport
import Testing

/// Checks what a query is printed as, and that this is printed as itself.
func expectPrinted(
    _ text: String, as printed: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(try PromQLParser.parse(text).description == printed, sourceLocation: sourceLocation)
    #expect(try PromQLParser.parse(printed).description == printed, "printed again", sourceLocation: sourceLocation)
}

@Suite struct PrinterTests {
    @Test(arguments: [
        ("1", "1"), ("1.50", "1.5"), ("1e3", "1000"), ("1e-7", "0.0000001"), ("-1.5e-3", "-0.0015"), ("0x1F", "31"),
        ("017", "15"), ("1_000", "1000"), ("5m", "5m"), ("-1h30m", "-1h30m"), ("inF", "+Inf"), ("-Inf", "-Inf"),
        ("nan", "NaN"), ("1e300", "1" + String(repeating: "0", count: 300)), ("'a\"b'", "\"a\\\"b\""),
        ("\"\\u00e9\\x41\\101\\n\"", "\"éAA\\n\""), ("`a\\n`", "\"a\\\\n\""), ("+a", "+a"), ("--a", "--a"),
        ("foo{ }", "foo"), ("foo{a='b',}", "foo{a=\"b\"}"), ("{'foo'}", "foo"),
        ("{'my.foo', x=~'y'}", "{\"my.foo\",x=~\"y\"}"),
        ("{'a.b'='c'}", "{\"a.b\"=\"c\"}"), ("foo[300]", "foo[5m]"), ("foo[90m] offset 1d", "foo[1h30m] offset 1d"),
        ("foo offset -5m @ 10.5", "foo @ 10.500 offset -5m"), ("foo @ end()", "foo @ end()"),
        ("foo @ -0.25", "foo @ -0.250"), ("rate(foo[5m])[1h:]", "rate(foo[5m])[1h:]"),
        ("foo[1h:1m] @ start() offset 2m", "foo[1h:1m] @ start() offset 2m"),
        ("sum(foo)by(a,b)", "sum by (a, b) (foo)"), ("sum(foo)", "sum(foo)"),
        ("topk without('x.y')(3,foo)", "topk without (\"x.y\") (3, foo)"),
        ("a*on(b)group_left(c)d", "a * on (b) group_left (c) d"), ("a>bool b", "a > bool b"),
        ("a+ignoring(b)group_right c", "a + ignoring (b) group_right () c"), ("a and on() b", "a and on () b"),
        ("(a+b)*c", "(a + b) * c"), ("# x\na # y", "a"), ("time()", "time()"), ("Inf ^ 2", "Inf ^ 2"),
        ("2 ^ Inf", "2 ^ +Inf"),
    ])
    func canonicalText(_ text: String, _ printed: String) throws {
        try expectPrinted(text, as: printed)
    }

    @Test func durations() throws {
        #expect(try PromQLDuration.parse("1h30m") == 5_400_000)
        #expect(try PromQLDuration.parse("1y2w3d4h5m6s7ms") == 33_019_506_007)
        #expect(try PromQLDuration.parse("0") == 0)
        for text in ["", "5", "m", "5m5m", "5s5m", "1.5h", "-5m", "5 m", "300y", "99999999999999999999s", "5é"] {
            #expect(throws: PromQLDuration.ParseError.self, "\(text)") { try PromQLDuration.parse(text) }
        }
        for text in ["1ms", "1s", "1h30m", "1d12h", "2w", "1y", "9d", "10s53ms"] {
            #expect(PromQLDuration.format(try PromQLDuration.parse(text)) == text)
        }
        #expect(PromQLDuration.format(0) == "0s")
        #expect(PromQLDuration.format(-90_000) == "-1m30s")
    }

    @Test func numbersReadBack() throws {
        var random = SeededGenerator.seeded("numbersReadBack")
        for _ in 0..<2000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(Double(value.promQLText) == value)
            #expect(!value.promQLText.contains("e"))
        }
    }
}
