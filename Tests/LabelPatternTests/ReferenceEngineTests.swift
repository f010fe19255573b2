import Foundation
import TestSupport
import Testing

@testable import LabelPattern

/// Random patterns from the part of the syntax where RE2 and Python's `re` agree, matched by both.
@Suite struct ReferenceEngineTests {
    private static let python = "/usr/bin/python3"

    /// Reads lines of two hexadecimal fields, pattern and value; answers `-` or the spans of all groups.
    private static let script = """
        import re, sys
        for line in sys.stdin:
            pattern, value = (bytes.fromhex(field).decode() for field in line.rstrip("\\n").split(" "))
            found = re.compile(pattern, re.DOTALL | re.ASCII).fullmatch(value)
            if found is None:
                print("-")
            else:
                spans = [found.span(i) for i in range(found.re.groups + 1)]
                print(",".join("%d:%d" % span for span in spans))
        """

    private struct Sample {
        let pattern: String
        let value: String
        /// Engines disagree about what a group captured in an empty round of a loop.
        let capturesAgree: Bool
    }

    @Test func pythonAgrees() throws {
        guard FileManager.default.isExecutableFile(atPath: Self.python) else {
            print("skipped: \(Self.python) is not there")
            return
        }
        let seed: UInt64 = 20_240_611
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var samples: [Sample] = []
        while samples.count < 6_000 {
            var generator = PatternGenerator(random: random)
            let pattern = generator.alternation(depth: 3)
            random = generator.random
            for _ in 0..<4 {
                let size = Int.random(in: 0...9, using: &random)
                let value = (0..<size).map { _ in
                    ["a", "b", "A", "1", " ", "\n", "é"].randomElement(using: &random) ?? "a"
                }
                samples.append(
                    Sample(pattern: pattern, value: value.joined(), capturesAgree: !generator.hasEmptyRounds))
            }
        }
        let answers = try Self.ask(samples.map { "\(Self.hexadecimal($0.pattern)) \(Self.hexadecimal($0.value))" })
        try #require(answers.count == samples.count)
        var matchCount = 0
        for (sample, answer) in zip(samples, answers) {
            let pattern = try LabelPattern(sample.pattern)
            let comment: Comment = "\(sample.pattern.debugDescription) on \(sample.value.debugDescription)"
            #expect(pattern.matchesWhole(sample.value) == (answer != "-"), comment)
            let groups = pattern.firstMatch(sample.value)
            #expect((groups != nil) == (answer != "-"), comment)
            guard answer != "-", let groups else { continue }
            matchCount += 1
            if sample.capturesAgree {
                let expected = Self.texts(of: answer, in: sample.value)
                #expect(groups == expected, comment)
            }
        }
        #expect(matchCount > 500)
    }

    private static func texts(of answer: String, in value: String) -> [String?] {
        let scalars = Array(value.unicodeScalars)
        return answer.split(separator: ",").map { span in
            let ends = span.split(separator: ":").compactMap { Int($0) }
            guard ends.count == 2, ends[0] >= 0 else { return nil }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars[ends[0]..<ends[1]])
            return String(text)
        }
    }

    private static func hexadecimal(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// One process for all questions. They come from a file, so that neither side waits for the other's pipe.
    private static func ask(_ questions: [String]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("patterns-\(UUID().uuidString)")
        try Data((questions.joined(separator: "\n") + "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// Writes random patterns and remembers whether a loop's body can match nothing.
private struct PatternGenerator {
    var random: SeededGenerator
    var hasEmptyRounds = false
    /// Whether the part written last can match nothing.
    private var canBeEmpty = false

    init(random: SeededGenerator) { self.random = random }

    mutating func alternation(depth: Int) -> String {
        var anyEmpty = false
        let branches = (0..<[1, 1, 2, 3][Int.random(in: 0..<4, using: &random)]).map { _ in
            let text = concatenation(depth: depth)
            anyEmpty = anyEmpty || canBeEmpty
            return text
        }
        canBeEmpty = anyEmpty
        return branches.joined(separator: "|")
    }

    private mutating func concatenation(depth: Int) -> String {
        var allEmpty = true
        let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let text = repetition(depth: depth)
            allEmpty = allEmpty && canBeEmpty
            return text
        }
        canBeEmpty = allEmpty
        return parts.joined()
    }

    private mutating func repetition(depth: Int) -> String {
        let body = element(depth: depth)
        let isZeroWidth = body.hasPrefix("\\b") || body == "^"
        guard !isZeroWidth, Int.random(in: 0..<2, using: &random) == 0 else { return body }
        let suffix = ["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"].randomElement(using: &random) ?? "*"
        if canBeEmpty { hasEmptyRounds = true }
        if suffix != "+" && !suffix.hasPrefix("{2") && !suffix.hasPrefix("{1") { canBeEmpty = true }
        return body + suffix + (Bool.random(using: &random) ? "?" : "")
    }

    private mutating func element(depth: Int) -> String {
        canBeEmpty = false
        if depth > 0, Int.random(in: 0..<3, using: &random) == 0 {
            let open = ["(", "(", "(?:", "(?i:", "(?-s:"].randomElement(using: &random) ?? "("
            return open + alternation(depth: depth - 1) + ")"
        }
        let atoms = [
            "a", "b", "a", "b", "1", "é", ".", "[ab]", "[^a]", "\\w", "\\d", "\\s", "\\W", "[^\\d]", "\\n", "\\x61",
            "[a-c\\s]", "\\b",
            "^",
        ]
        let atom = atoms.randomElement(using: &random) ?? "a"
        canBeEmpty = atom == "\\b" || atom == "^"
        return atom
    }
}
