import AlertRules
import TelemetryModel
import Testing

struct AlertTemplateTests {
    static let labels = LabelSet(["__name__": "cpu_usage", "source_id": "web-1", "size": "2048", "odd": "a \"b\""])

    @Test(arguments: [
        ("plain text", "plain text"),
        ("{{ $labels.source_id }} at {{ $value }}", "web-1 at 91.25"),
        ("{{.Labels.source_id}}/{{.Value}}", "web-1/91.25"),
        ("[{{ $labels.missing }}]", "[]"),
        ("a {{- /* gone */ -}} b", "ab"),
        ("a\n  {{- $value -}}  \nb", "a91.25b"),
        (
            "{{ printf \"%.1f\" $value }}|{{ $value | printf \"%08.3f\" }}|{{ $value | printf \"%+.0e\" }}",
            "91.2|0091.250|+9e+01"
        ),
        ("{{ printf \"%s=%v %q%%\" $labels.source_id $value $labels.odd }}", "web-1=91.25 \"a \\\"b\\\"\"%"),
        ("{{ printf `%-6s|%6s` \"ab\" \"cd\" }}", "ab    |    cd"),
        (
            "{{ $labels.source_id | toUpper }} {{ toLower \"ABC\" }} {{ title \"web server-one_two\" }}",
            "WEB-1 abc Web Server-One_two"
        ),
        ("{{ $labels.size | humanize1024 }} {{ humanize $labels.size }}", "2ki 2.048k"),
        ("{{ (printf \"%.0f\" $value) | printf \"%5s\" }}", "   91"),
        ("{{ 1234567 }} {{ 0.00001 }} {{ -3 }} {{ 123456 }}", "1.234567e+06 1e-05 -3 123456"),
        (
            "{{ $labels.source_id | humanize }}",
            "<error expanding template: humanize needs a number, but got \"web-1\">"
        ),
    ])
    func renders(_ source: String, _ expected: String) throws {
        #expect(try AlertTemplate(source).text(labels: AlertTemplateTests.labels, value: 91.25) == expected)
    }

    @Test(
        arguments: [
            ("humanize", 0, "0"), ("humanize", 1_234_567, "1.235M"), ("humanize", -1234, "-1.234k"),
            ("humanize", 0.0123, "12.3m"),
            ("humanize", 999.9999, "1000"), ("humanize", .infinity, "+Inf"), ("humanize", .nan, "NaN"),
            ("humanize", 1e30, "1e+06Y"),
            ("humanize1024", 1, "1"), ("humanize1024", 1_048_576, "1Mi"), ("humanize1024", 0.5, "0.5"),
            ("humanizeDuration", 0, "0s"), ("humanizeDuration", 59.25, "59.25s"),
            ("humanizeDuration", 3661, "1h 1m 1s"),
            ("humanizeDuration", -90_061, "-1d 1h 1m 1s"), ("humanizeDuration", 0.0015, "1.5ms"),
            ("humanizeDuration", 1e300, "1e+300s"), ("humanizeDuration", 120, "2m 0s"),
            ("humanizePercentage", 0.12345, "12.35%"), ("humanizePercentage", 1, "100%"),
            ("humanizeTimestamp", 1_435_065_584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
            ("humanizeTimestamp", 0, "1970-01-01 00:00:00 +0000 UTC"),
            ("humanizeTimestamp", -1, "1969-12-31 23:59:59 +0000 UTC"),
            ("humanizeTimestamp", 951_782_400, "2000-02-29 00:00:00 +0000 UTC"),
            (
                "humanizeTimestamp", 1e20,
                "<error expanding template: humanizeTimestamp needs seconds since 1970, but 1e+20 is no date>"
            ),
        ] as [(String, Double, String)])
    func numbers(_ function: String, _ value: Double, _ expected: String) throws {
        #expect(try AlertTemplate("{{ $value | \(function) }}").text(labels: .empty, value: value) == expected)
    }

    @Test(arguments: [
        ("x {{ $value", 2), ("{{ }}", 3), ("{{ $foo }}", 3), ("{{ $labels }}", 3), ("{{ .Labels.a.b }}", 12),
        ("{{ if true }}x{{ end }}", 3), ("{{ query \"up\" }}", 3), ("{{ $value | }}", 12), ("{{ $value | \"a\" }}", 12),
        ("{{ $value | toUpper }}", 12), ("{{ humanize }}", 3), ("{{ humanize 1 2 }}", 3),
        ("{{ printf $value }}", 3), ("{{ printf \"%s\" $value }}", 10), ("{{ printf \"%f\" $labels.a }}", 10),
        ("{{ printf \"%d\" $value }}", 10), ("{{ printf \"%f %f\" $value }}", 10),
        ("{{ printf \"%999f\" $value }}", 10),
        ("{{ printf \"%", 10), ("{{ \"a\\z\" }}", 5), ("{{ `a }}", 3), ("{{ 1.2.3 }}", 3), ("{{ ($value }}", 3),
        ("{{ $value $value }}", 10), ("{{ /* a }}", 0), ("{{ $value . }}", 10), ("{{ toUpper humanize 1 }}", 11),
        ("{{ \(String(repeating: "(", count: 40)) }}", 19),
    ])
    func refusesWhatIsNotSupported(_ source: String, _ offset: Int) {
        let error = #expect(throws: AlertTemplate.SyntaxError.self) { try AlertTemplate(source) }
        #expect(error?.offset == offset, "\(error?.reason ?? "")")
    }

    /// Templates come from files: no text may trap.
    @Test func randomTextNeverTraps() {
        let pieces = [
            "{{", "}}", "{{-", "-}}", " ", "$value", "$labels.", ".Labels.a", "|", "(", ")", "printf", "\"%", "\"", "`",
            "humanize", "/*", "*/", "é", "\\", "1e9", "%9.9f", "\n", "\u{301}", "-",
        ]
        for seed in 0..<2000 as Range<UInt64> {
            var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            guard let template = try? AlertTemplate(text) else { continue }
            _ = template.text(labels: AlertTemplateTests.labels, value: 1)
        }
    }

    @Test(
        arguments: [
            (1, "1e+00"), (0, "0e+00"), (-0.0, "-0e+00"), (92.5, "9.25e+01"), (1e300, "1e+300"),
            (.leastNonzeroMagnitude, "5e-324"),
            (0.00123, "1.23e-03"), (.nan, "NaN"), (-.infinity, "-Inf"), (123_456_789_012, "1.23456789012e+11"),
            (1e16, "1e+16"),
        ] as [(Double, String)])
    func exponentText(_ value: Double, _ expected: String) {
        #expect(FloatText.exponent(value) == expected)
    }
}
