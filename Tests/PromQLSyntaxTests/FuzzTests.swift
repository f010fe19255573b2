import Foundation
import PromQLSyntax
import TestSupport
import Testing

/// Texts from the grammar and spoiled texts. None may trap, and what is taken survives being printed.
///
/// `HELIOGRAPH_SEED` runs one sequence again, `HELIOGRAPH_FUZZ_ROUNDS` makes it longer. Texts that once broke something, or are
/// good to begin with, are kept in `corpus` and always run.
@Suite struct FuzzTests {
    /// What must hold of any text; nil if it does.
    private func fault(of text: String) -> String? {
        let length = text.utf8.count
        let tree: PromQLExpression
        do {
            tree = try PromQLParser.parse(text)
        } catch {
            guard error.range.lowerBound >= 0, error.range.upperBound <= length else {
                return "the error's place \(error.range) is outside of the text"
            }
            guard error.description.hasPrefix("\(error.line):\(error.column): parse error: "), error.line > 0,
                error.column > 0, !error.message.isEmpty
            else { return "the error says too little: \(error)" }
            return nil
        }
        guard tree.range.lowerBound >= 0, tree.range.upperBound <= length else {
            return "the tree is outside of the text"
        }
        let printed = tree.description
        do {
            let again = try PromQLParser.parse(printed)
            if again.description != printed { return "printed as \(printed), then as \(again)" }
            // Printing brings matchers into order: the same bytes, some of them elsewhere.
            if again.treeJSON.utf8.sorted() != tree.treeJSON.utf8.sorted() {
                return "printed as \(printed), which is another tree"
            }
            let pretty = tree.prettyText
            let reparsed = try PromQLParser.parse(pretty).description
            if reparsed != printed { return "pretty is \(pretty), which is \(reparsed)" }
        } catch {
            return "printed as \(printed) or \(tree.prettyText), which does not parse: \(error)"
        }
        do {
            _ = try tree.resolvingDurations(step: 15_000, range: 3_600_000, in: text)
        } catch {
            if error.range.upperBound > length { return "a duration's place \(error.range) is outside of the text" }
        }
        guard (try? JSONSerialization.jsonObject(with: Data(tree.treeJSON.utf8))) != nil else {
            return "the tree is not JSON: \(tree.treeJSON)"
        }
        return nil
    }

    private static var corpus: [URL] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "corpus")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "promql" }.sorted { $0.path < $1.path }
    }

    private static func kept() throws -> [String] {
        try corpus.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    }

    @Test func keptTexts() throws {
        let kept = try Self.kept()
        #expect(kept.count >= 20)
        for text in kept { #expect(fault(of: text) == nil, "\(text.debugDescription)") }
    }

    @Test(.timeLimit(.minutes(10))) func generatedTexts() throws {
        var generator = QueryGenerator(random: SeededGenerator.seeded("generatedTexts"))
        let rounds = ProcessInfo.processInfo.environment["HELIOGRAPH_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 4000
        var pool = try Self.kept()
        var taken = 0
        for _ in 0..<rounds {
            let query = generator.query()
            if (try? PromQLParser.parse(query)) != nil { taken += 1 }
            #expect(fault(of: query) == nil, "\(query.debugDescription)")
            let other = pool.randomElement(using: &generator.random) ?? query
            let base = Int.random(in: 0..<4, using: &generator.random) == 0 ? other : query
            let spoiled = String(decoding: generator.spoiled(base, with: other), as: UTF8.self)
            #expect(fault(of: spoiled) == nil, "\(spoiled.debugDescription)")
            pool.append(query)
            if pool.count > 500 { pool.removeFirst(100) }
        }
        #expect(taken > rounds / 2, "the generator writes too little that parses: \(taken) of \(rounds)")
    }

    /// Size alone must not hurt: an error or a tree, soon, whatever is repeated.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            "(", "-", "+", "a+", "a or ", "a^", "[", "{", "\"", "'\\x", "a[5m:", "sum(", "a @ ", "a offset -", "1_",
            "0x", "é", "#",
            "a{b=\"c\",", "\n", "a==bool ", "a+fill(0)", "</", "\\", "`", "step()*", "a[step()+", "info(", "9", ".",
            "{{", "@@",
            "by ", "a{\"b\",", "f(", ",", "a[5m]offset ", "min_of(", "a + on(", "1h", "\u{0}", "\u{FEFF}", "👩‍👩‍👧‍👦",
        ])
    func muchOfIt(_ piece: String) {
        for prefix in ["", "a[", "a + ", "{", "sum by ("] {
            #expect(fault(of: prefix + String(repeating: piece, count: 100_000 / piece.utf8.count)) == nil)
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["(", "a+", "\"", "a{b=\"c\",", " ", "9", "\\"])
    func aMegabyteOfIt(_ piece: String) {
        #expect(fault(of: String(repeating: piece, count: 1_000_000 / piece.utf8.count)) == nil)
        #expect((try? PromQLParser.parse(String(repeating: piece, count: 1_100_000 / piece.utf8.count + 1))) == nil)
    }
}
