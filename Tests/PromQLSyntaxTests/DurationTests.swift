import PromQLSyntax
import Testing

@Suite struct DurationTests {
    private func resolved(_ text: String, step: Int64 = 0, range: Int64 = 0) throws -> String {
        try PromQLParser.parse(text).resolvingDurations(step: step, range: range, in: text).description
    }

    @Test(arguments: [
        ("a[26m+4m]", "a[30m]"), ("a[60*30]", "a[30m]"), ("a[2m*(10+5)]", "a[30m]"), ("a[24m+((1.5*2m)+2m)]", "a[29m]"),
        ("a[-5m+35m]", "a[30m]"), ("a[1h/2]", "a[30m]"), ("a[1h30m % 1h]", "a[30m]"), ("a[2^3]", "a[8s]"),
        ("a[-2^2+5s]", "a[1s]"), ("a[(-2)^2]", "a[4s]"), ("a[2^2^3]", "a[4m16s]"), ("a[10-3-2]", "a[5s]"),
        ("a[1m:1s+1s]", "a[1m:2s]"), ("a[29s+1s:((((8 - 2) / 3) * 7s) % 4) + 8000ms]", "a[30s:10s]"),
        ("a offset (100 + 2)", "a offset 1m42s"), ("a offset 100 + 2", "a offset 1m40s + 2"),
        ("a offset -2 * 2", "a offset -2s * 2"), ("a offset (-2 * 2)", "a offset -4s"),
        ("a offset (2 ^ 2)", "a offset 4s"), ("a offset -(1m)", "a offset -1m"), ("a offset (5m)", "a offset 5m"),
        ("a offset (((5m)))", "a offset 5m"), ("a offset -5", "a offset -5s"),
        ("a[5m] offset (1m*2)", "a[5m] offset 2m"),
        ("a[min_of(5m, 1m + 1s)]", "a[1m1s]"), ("a[MAX_OF(5m, 1h)]", "a[1h]"), ("a[max(5m, 1h)]", "a[1h]"),
        ("a[0.5]", "a[500ms]"), ("sum(rate(a[1m+1m]) or (b offset (1+1)))", "sum(rate(a[2m]) or (b offset 2s))"),
        ("-a[1m+1m:5s]", "-a[2m:5s]"),
    ])
    func constants(_ text: String, _ wanted: String) throws {
        guard text != "-a[1m+1m:5s]" else {
            #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parse(text) }
            return
        }
        #expect(try resolved(text) == wanted)
    }

    @Test(arguments: [
        ("a[step()]", "a[15s]"), ("a[1+(STep()-5)*2]", "a[21s]"), ("a[range()] @ end()", "a[1h] @ end()"),
        ("a offset -step()*2", "a offset -15s * 2"), ("a offset (-step()*2)", "a offset -30s"),
        ("a offset +range()", "a offset 1h"), ("a offset -min_of(step(), 1s)+8000", "a offset -1s + 8000"),
        ("a offset -min_of(step(), 1s)^0", "a offset -1s ^ 0"), ("a[range():step()]", "a[1h:15s]"),
        ("sum by (x) (a[2 * step()])", ""), ("rate(a[2*step()]) + on (x) b", "rate(a[30s]) + on (x) b"),
        ("topk(3, a offset step())", "topk(3, a offset 15s)"), ("(a offset step())", "(a offset 15s)"),
    ])
    func ofTheQuery(_ text: String, _ wanted: String) throws {
        guard !wanted.isEmpty else {
            #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parse(text) }
            return
        }
        #expect(try resolved(text, step: 15_000, range: 3_600_000) == wanted)
    }

    /// Before they are worked out they are printed as they were written.
    @Test(arguments: [
        ("a[5m*2]", "a[5m * 2]"), ("a[(5+2)*1m]", "a[(5 + 2) * 1m]"), ("a[((step()))]", "a[(step())]"),
        ("a[5m] offset -step( )", "a[5m] offset -step()"),
        ("a[Min_Of(step(),5m)+RANGE()]", "a[min_of(step(), 5m) + range()]"),
        ("a[300]", "a[5m]"), ("a[5m+300]", "a[5m + 300]"), ("a offset (step())", "a offset (step())"),
        ("a[step()] @ 0 offset +step()", "a[step()] @ 0.000 offset step()"), ("a[1h:step()/2]", "a[1h:step() / 2]"),
        ("a[(-2)^2]", "a[(-2) ^ 2]"), ("a[-(2s+step())]", "a[-(2s + step())]"),
    ])
    func printed(_ text: String, _ wanted: String) throws {
        let printed = try PromQLParser.parse(text).description
        #expect(printed == wanted)
        #expect(try PromQLParser.parse(printed).description == wanted)
    }

    @Test(arguments: [
        ("a[0]", "1:3: parse error: duration must be greater than 0: a range of 0"),
        ("a[-5m]", "1:3: parse error: duration must be greater than 0: a range of -5m"),
        ("a[5m:0s]", "1:6: parse error: duration must be greater than 0: a subquery's step of 0s"),
        ("a[5m/0]", "1:5: parse error: division by zero"), ("a[5m%(0)]", "1:5: parse error: modulo by zero"),
        ("a[step()]", "1:3: parse error: duration must be greater than 0"),
        ("a[5m/step()]", "1:3: parse error: division by zero"), ("a[5m%range()]", "1:3: parse error: modulo by zero"),
        ("a[1m:step()]", "1:6: parse error: duration must be greater than 0"),
        ("a[5m-6m]", "1:3: parse error: duration must be greater than 0"),
        (
            "\na offset (10y^3)",
            "2:10: parse error: duration is out of range: it must be within 292 years, not 31363160518656000000000000 s"
        ),
        ("a[(-1)^0.5]", "1:3: parse error: duration is out of range: it must be within 292 years, not NaN s"),
        ("a[400y]", "1:3: parse error: \"400y\" is neither a number nor a duration"),
        (
            "a offset 1e30",
            "1:10: parse error: number 1000000000000000000000000000000 is too large for a duration in seconds"
        ),
        ("a[foo()]", "1:3: parse error: unexpected \"foo\" in a range, expected step(), range(), min_of() or max_of()"),
        ("a[foo]", "1:3: parse error: unexpected \"foo\" in a range, expected a number, a duration, step() or range()"),
        (
            "a offset",
            "1:9: parse error: unexpected end of input in an offset, expected a number, a duration, step() or range()"
        ),
        ("a[min_of(1m)]", "1:12: parse error: unexpected \")\" in a range, expected \",\""),
        ("a[step(]", "1:8: parse error: unexpected \"]\" in a range, expected \")\""),
        ("a[(1m]", "1:6: parse error: unexpected \"]\" in a range, expected \")\""),
        ("a @ step()", "1:5: parse error: unexpected \"step\" after @, expected a time in seconds, start() or end()"),
    ])
    func errors(_ text: String, _ message: String) {
        #expect {
            try resolved(text)
        } throws: { error in
            "\(error)" == message
        }
    }

    @Test func bounds() {
        for text in [
            "a[" + String(repeating: "(", count: 10_000) + "1", "a[1" + String(repeating: "+1", count: 10_000) + "]",
            "a[" + String(repeating: "-", count: 10_000) + "1]", "a[" + String(repeating: "min_of(", count: 10_000),
            "a offset " + String(repeating: "2^", count: 10_000) + "1",
        ] {
            #expect(throws: PromQLSyntaxError.self, "\(text.prefix(20))") { try PromQLParser.parse(text) }
        }
    }
}
