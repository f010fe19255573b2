import PromQLSyntax
import Testing

/// `anchored` and `smoothed`, `fill`, `info`, and the operators that trim histograms.
@Suite struct ModifierTests {
    @Test(arguments: [
        ("a smoothed", "a smoothed"), ("a anchored", "a anchored"), ("a[5m] anchored", "a[5m] anchored"),
        ("rate(a[5m] SMOOTHED)", "rate(a[5m] smoothed)"), ("a @ 100 smoothed + 0", "a @ 100.000 smoothed + 0"),
        ("a smoothed @ 100", "a @ 100.000 smoothed"), ("a offset -100 smoothed", "a smoothed offset -1m40s"),
        ("a[1m] offset 5m smoothed @ end()", "a[1m] smoothed @ end() offset 5m"),
        ("anchored", "anchored"), ("smoothed anchored", "smoothed anchored"),
        ("anchored + smoothed", "anchored + smoothed"),
        ("anchored{anchored='x'}", "anchored{anchored=\"x\"}"),
        ("sum by (smoothed, fill) (a)", "sum by (smoothed, fill) (a)"),
        ("a + fill(0) b", "a + fill (0) b"), ("a + fill_left(1) b", "a + fill_left (1) b"),
        ("a + fill_right(-1) b", "a + fill_right (-1) b"),
        ("a + fill_left(5) fill_right(7) b", "a + fill_left (5) fill_right (7) b"),
        ("a + fill_right(7) fill_left(5) b", "a + fill_left (5) fill_right (7) b"),
        ("a + fill_left(7) fill_right(7) b", "a + fill (7) b"), ("a + FILL(NaN) b", "a + fill (NaN) b"),
        ("a == bool on (x) group_left (y) fill(+Inf) b", "a == bool on (x) group_left (y) fill (+Inf) b"),
        ("a + ignoring(x) group_left fill(5m) b", "a + ignoring (x) group_left () fill (300) b"),
        ("fill + fill_left", "fill + fill_left"), ("other + fill(0) fill", "other + fill (0) fill"),
        ("other + fill_right(0) fill_right", "other + fill_right (0) fill_right"),
        ("a + fill{x='y'}", "a + fill{x=\"y\"}"),
        ("fill / fill_right offset 5m", "fill / fill_right offset 5m"),
        ("info(a)", "info(a)"), ("info(a, {})", "info(a, {})"), ("info(a, {b=~\".*\"})", "info(a, {b=~\".*\"})"),
        ("info(rate(a[5m]), {__name__=~'x.+', b='c'})", "info(rate(a[5m]), {__name__=~\"x.+\",b=\"c\"})"),
        ("info", "info"), ("h </ 5", "h </ 5"), ("h >/ -Inf", "h >/ -Inf"), ("h </ 5 + 1", "h </ 5 + 1"),
        ("a</b", "a </ b"), ("h >/ 1 </ 2", "h >/ 1 </ 2"), ("h </ on (x) group_left b", "h </ on (x) group_left () b"),
        ("start_timestamp(a)", "start_timestamp(a)"),
        ("histogram_quantiles(a, 'q', 0.5)", "histogram_quantiles(a, \"q\", 0.5)"),
        ("a + group_right", "error"), ("a * ignoring() group_right b", "a * ignoring () group_right () b"),
    ])
    func printed(_ text: String, _ wanted: String) throws {
        guard wanted != "error" else {
            #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parse(text) }
            return
        }
        try expectPrinted(text, as: wanted)
    }

    @Test(arguments: [
        ("a anchored smoothed", "1:12"), ("a smoothed smoothed", "1:12"), ("a[5m:] smoothed", "1:8"),
        ("(a) anchored", "1:5"),
        ("a anchored [5m]", "1:1"), ("1 smoothed", "1:3"), ("sum(a) smoothed", "1:8"),
        ("a and fill(0) b", "1:7"), ("a + fill(0) fill(1) b", "1:13"), ("a + fill_left(0) fill_left(1) b", "1:18"),
        ("a + fill(x) b", "1:10"), ("a + fill(0 b", "1:12"), ("a + fill() b", "1:10"), ("a + fill(0) 1", "1:5"),
        ("1 + fill(0) 1", "1:5"), ("a + fill(0) on (x) b", "1:13"),
        ("info()", "1:1"), ("info(1)", "1:6"), ("info(a, b)", "1:9"), ("info(a, {\"b\"})", "1:9"),
        ("info(a, 1)", "1:9"),
        ("info(a, {}, {b='c'})", "1:1"), ("info(a, {} + {})", "1:12"), ("info({}, {})", "1:6"),
        ("a </ bool b", "1:6"), ("a < / b", "1:5"),
        ("histogram_quantiles(a, 'q')", "1:1"), ("histogram_quantiles(a, 'q', 1,1,1,1,1,1,1,1,1,1,1)", "1:1"),
        ("a + {{schema:1}}", "1:5"), ("1e999", "1:1"), ("0x" + String(repeating: "f", count: 100), "1:1"),
    ])
    func errorsSayWhere(_ text: String, _ position: String) {
        #expect {
            try PromQLParser.parse(text)
        } throws: { error in
            "\(error)".hasPrefix(position + ": parse error: ")
        }
    }

    @Test func quotedNames() throws {
        for (text, wanted) in [
            ("{\"my.metric\", 'a.b'='c'}", "{\"my.metric\",\"a.b\"=\"c\"}"),
            ("sum by ('a.b', c) ({'x y'})", "sum by (\"a.b\", c) ({\"x y\"})"),
            ("{'é'} + on ('ü') group_left ('ö') {'ok'}", "{\"é\"} + on (\"ü\") group_left (\"ö\") ok"),
            ("{'inf'}", "{\"inf\"}"), ("x{b='1', a='2'}", "x{a=\"2\",b=\"1\"}"),
            ("{'a\\u0000b'}", "{\"a\\x00b\"}"), ("{\"\\U0001F600\"}", "{\"😀\"}"),
        ] {
            try expectPrinted(text, as: wanted)
        }
    }
}
