import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// Whatever comes in, the decoder answers, its sums add up, and it does not matter what was seen before or how the text is cut.
@Suite struct ExpositionFuzzTests {
    private static let names = [
        "m", "http_requests_total", "a:b", "h_bucket", "h_sum", "h_count", "h", "h_created", "é", "9",
    ]
    private static let labels = [
        #"a="b""#, #"le="1""#, #"quantile="0.5""#, #"x="é\n\"\\""#, #""a.b"="c""#, #"__name__="n""#, #"e="""#,
        #"source_id="s""#,
    ]
    private static let values = ["1", "-2.5", "NaN", "+Inf", "1e3", "0x1p3", ".5", "1e999", ""]
    private static let times = ["", "", " 1700000000000", " 1700000000.5", " -1", " 99999999999999999999"]
    private static let comments = [
        "# HELP h x", "# TYPE h histogram", "# TYPE h summary", "# TYPE h counter", "# TYPE \"h\" gauge", "#", "# EOF",
        "",
        "# TYPE h",
    ]
    private static let tokens = [
        "{", "}", "\"", "\\", ",", "=", "#", " ", "\t", "\n", "\r", "{}", " # {a=\"b\"} 1", "# TYPE h histogram\n",
        "\n# EOF\n",
        "\"m\"", "1", "-", ".", "e", "NaN", "\u{0}", "é", "\u{feff}", "_created", "le=\"1\"",
    ]
    /// What once went wrong, or looked as if it might.
    static let kept = [
        "", "{", "{\"", "m{\"", "m{a=\"\\", "m{a=\"\\\n", "m {", "m 1 #", "m 1 # {", "# TYPE", "# TYPE \"", "#", "{}",
        "{} 1", "m", "m ",
        "h", "# TYPE h histogram\nh", "# TYPE h histogram\nh 1", "# TYPE h histogram\n{\"h\"} 1",
        "# TYPE h histogram\n{", "m 1 +",
        "# TYPE abcdefgh counter\nabc 1", "# EOF", "# EOF\n{", "m\u{0}1", "\u{feff}m 1", "h_created 1e300", "{\"\"} 1",
        "{\"\"=\"\"} 1",
        "# TYPE h counter\nh_created 1e17\nh_total 1\n# EOF", "# TYPE  \nm 1", "m{a=\"b\"}1e", "m{a=\"b\" , } 1",
    ]

    private func check(_ readings: ExpositionReadings, _ text: [UInt8]) throws {
        for format in [ExpositionFormat.text, .openMetrics] {
            for extra in [[], [Label("job", "j")]] {
                let decoded = try readings.decode(text, format, extraLabels: extra)
                let request = decoded.request
                #expect(request.recordCount == request.batch.count + request.rejected.count)
                #expect(
                    request.batch.references.count == request.batch.count
                        && request.batch.values.count == request.batch.count)
                #expect(zip(request.rejected, request.rejected.dropFirst()).allSatisfy { $0.index < $1.index })
                #expect(request.rejected.allSatisfy { $0.index < request.recordCount && $0.message.hasPrefix("Line ") })
                #expect(request.rejected.allSatisfy { !$0.payload.contains(ASCII.newline) })
                // One that has seen nothing says the same.
                let fresh = ExpositionReadings()
                let expected = fresh.outcomes(try fresh.decode(text, format, extraLabels: extra))
                #expect(
                    readings.outcomes(decoded) == expected, "\(String(decoding: text, as: UTF8.self).debugDescription)")
            }
        }
    }

    private func randomLine(_ random: inout SeededGenerator) -> String {
        func pick(_ list: [String]) -> String { list[Int.random(in: 0..<list.count, using: &random)] }
        if Int.random(in: 0..<6, using: &random) == 0 { return pick(Self.comments) }
        let labels = (0..<Int.random(in: 0...3, using: &random)).map { _ in pick(Self.labels) }.joined(separator: ",")
        let series = labels.isEmpty ? pick(Self.names) : "\(pick(Self.names)){\(labels)}"
        let exemplar = Int.random(in: 0..<8, using: &random) == 0 ? " # {a=\"b\"} 1" : ""
        return "\(series) \(pick(Self.values))\(pick(Self.times))\(exemplar)"
    }

    @Test func keptInputs() throws {
        let readings = ExpositionReadings()
        for text in Self.kept {
            try check(readings, Array(text.utf8))
            for length in 0..<text.utf8.count { try check(readings, Array(text.utf8.prefix(length))) }
        }
        try check(readings, [0xFF])
        try check(readings, Array("m{a=\"".utf8) + [0xFF, 0xFE] + Array("\"} 1".utf8))
    }

    @Test func randomBytes() throws {
        var random = SeededGenerator.seeded("exposition.randomBytes")
        let readings = ExpositionReadings()
        let alphabet = Array("{}\"\\,=# \t\n\r1.e+-NaInfmhale_# TYPE h histogram\n".utf8)
        for round in 0..<1000 {
            let text = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                round % 2 == 0
                    ? UInt8.random(in: .min ... .max, using: &random)
                    : alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            try check(readings, text)
        }
    }

    @Test func mutatedTexts() throws {
        var random = SeededGenerator.seeded("exposition.mutatedTexts")
        let readings = ExpositionReadings()
        for _ in 0..<800 {
            var text = Array((0..<6).map { _ in randomLine(&random) }.joined(separator: "\n").utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) where !text.isEmpty {
                let start = Int.random(in: 0..<text.count, using: &random)
                let end = min(text.count, start + Int.random(in: 1...6, using: &random))
                let token = Array(Self.tokens[Int.random(in: 0..<Self.tokens.count, using: &random)].utf8)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.insert(contentsOf: token, at: start)
                case 1: text.replaceSubrange(start..<end, with: token)
                case 2: text.removeSubrange(start..<end)
                default: text[start] = UInt8.random(in: .min ... .max, using: &random)
                }
            }
            try check(readings, text)
        }
    }

    /// Types are said once for lines that follow, so a text may be cut before them, and anywhere if it has none.
    @Test func anyCutBetweenFamiliesGivesTheSame() throws {
        var random = SeededGenerator.seeded("exposition.anyCut")
        for _ in 0..<300 {
            let families = (0..<4).map { _ in
                let type = ["histogram", "summary", "counter", "gauge"].randomElement(using: &random) ?? ""
                let lines = (0..<Int.random(in: 1...120, using: &random)).map { _ in randomLine(&random) }
                    .filter { !$0.hasPrefix("#") }
                return "# TYPE h \(type)\n" + lines.map { $0 + "\n" }.joined()
            }
            let withoutTypes = (0..<40).map { _ in randomLine(&random) }.filter { !$0.hasPrefix("#") }.map { $0 + "\n" }
            for (pieces, format) in [
                (families, ExpositionFormat.text), (families, .openMetrics), (withoutTypes, .text),
            ] {
                let readings = ExpositionReadings()
                let whole = readings.outcomes(try readings.decode(pieces.joined(), format))
                let cut = try pieces.flatMap { readings.outcomes(try readings.decode($0, format)) }
                #expect(whole.map(withoutLine) == cut.map(withoutLine))
            }
        }
    }

    private func withoutLine(_ outcome: String) -> String {
        outcome.replacing(#/Line \d+: /#, with: "")
    }

    @Test func manyThreadsShareOneDecoder() async throws {
        let readings = ExpositionReadings()
        let text = (0..<3000).map { "m{s=\"\($0 % 700)\"} \($0)" }.joined(separator: "\n")
        try await withThrowingTaskGroup(of: (String, DecodedExposition).self) { group in
            for thread in 0..<8 {
                group.addTask {
                    let job = "\(thread % 2)"
                    return (job, try readings.decode(text, extraLabels: [Label("job", job)]))
                }
            }
            for try await (job, decoded) in group {
                #expect(decoded.request.batch.count == 3000)
                for (reference, value) in zip(decoded.request.batch.references, decoded.request.batch.values) {
                    let labels = readings.registry.labels(of: reference)
                    #expect(labels["s"] == "\(Int(value) % 700)" && labels["job"] == job)
                }
            }
        }
        #expect(readings.registry.count == 1400)
    }
}
