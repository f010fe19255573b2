import HTTPSupport
import Testing

@testable import QueryAPI

@Suite struct TextTests {
    private func text(_ value: Double) -> String {
        var out = TextBytes()
        SampleText.append(value, to: &out)
        return String(decoding: out.array, as: UTF8.self)
    }

    /// Expected texts are those of Go 1.22's `strconv.AppendFloat` with Prometheus' choice of verb.
    @Test(
        arguments: [
            (0, "0"), (-0.0, "-0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (1.5, "1.5"), (100, "100"), (-2.75, "-2.75"),
            (1.0 / 3, "0.3333333333333333"), (1e-6, "0.000001"), (1.5e-6, "0.0000015"), (9.99e-7, "9.99e-07"),
            (1e-7, "1e-07"), (0.00012, "0.00012"), (123456789, "123456789"), (1e15, "1000000000000000"),
            (9007199254740991, "9007199254740991"), (9007199254740992, "9007199254740992"),
            (-1e16, "-10000000000000000"),
            (1e20, "100000000000000000000"), (1.2345e20, "123450000000000000000"), (1e21, "1e+21"),
            (-1.5e21, "-1.5e+21"),
            (1e22, "1e+22"), (1e100, "1e+100"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
            (.leastNonzeroMagnitude, "5e-324"), (.nan, "NaN"), (-.nan, "NaN"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"),
            (1234567.875, "1234567.875"), (1_767_225_600.123, "1767225600.123"),
        ] as [(Double, String)])
    func numbersAreWrittenLikePrometheus(value: Double, expected: String) {
        #expect(text(value) == expected)
    }

    @Test func numbersReadBack() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(Double(text(value))?.bitPattern == value.bitPattern, "bits \(value.bitPattern)")
        }
    }

    @Test(
        arguments: [
            (0, "0"), (1000, "1"), (1500, "1.500"), (1_767_225_600_007, "1767225600.007"), (-1, "-0.001"),
            (-1_010, "-1.010"), (.min, "-9223372036854775.808"), (.max, "9223372036854775.807"),
        ] as [(Int64, String)])
    func timestampsAreSeconds(milliseconds: Int64, expected: String) {
        var out = TextBytes()
        SampleText.append(timestamp: milliseconds, to: &out)
        #expect(String(decoding: out.array, as: UTF8.self) == expected)
    }

    @Test func formsAreDecoded() throws {
        let pairs = try FormText.parse("query=up%7Ba%3D%22b+c%22%7D&match[]=x&match%5B%5D=%E2%9C%93&empty=&flag&&a=b=c")
        #expect(pairs.map(\.name) == ["query", "match[]", "match[]", "empty", "flag", "a"])
        #expect(pairs.map(\.value) == [#"up{a="b c"}"#, "x", "✓", "", "", "b=c"])
        for broken in ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%c3"] {
            #expect(throws: FormText.DecodingError.self) { try FormText.parse(broken) }
        }
    }

    /// The first cases are those of Prometheus' own documentation of the scheme.
    @Test(arguments: [
        ("instance", "instance"), ("U__mysystem_2e_prod_2e_west_2e_cpu_2e_load", "mysystem.prod.west.cpu.load"),
        ("U__http_2e_status:sum", "http.status:sum"), ("U__label__with__underscores", "label_with_underscores"),
        ("U__a_1f600_", "a😀"), ("U___2713_", "✓"),
    ])
    func labelNamesAreUnescaped(text: String, name: String) {
        #expect(EscapedLabelName.decode(text) == name)
    }

    @Test(arguments: ["U__a_", "U__a_2e", "U__a_zz_", "U__a_d800_", "U__a_1234567_", "U__a_+1_", "U__a_110000_"])
    func brokenEscapesAreRefused(text: String) {
        #expect(EscapedLabelName.decode(text) == nil)
    }
}
