import Foundation
import KPIAnalytics
import Testing

@Suite struct DefinitionTests {
    private func problems(_ text: String) -> [String] {
        do {
            _ = try KPIDefinition.parse(text, path: "kpi.yaml")
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    private func entry(_ lines: String) -> String {
        "kpis:\n  - " + lines.split(separator: "\n").joined(separator: "\n    ") + "\n"
    }

    @Test func theFilesAreTheBuiltInDefinitions() throws {
        let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("analytics/kpis")
        #expect(try KPIDefinition.load(directory: folder) == KPIDefinition.builtIn)
    }

    @Test func everyKindIsRead() throws {
        let text = """
            kpis:
              - {name: a, title: A, unit: ratio, kind: presence, selector: 'up{$source}'}
              - {name: b, title: B, unit: ratio, kind: ratio, numerator: 'rate(x[$window])', denominator: y}
              - {name: c, title: C, unit: ms, kind: quantile, selector: lat, q: 0.999, description: Slow ones.}
              - {name: d, title: D, unit: per_second, kind: sample_rate, selector: '{a="b"}'}
              - {name: e, title: E, unit: number, kind: expression, per_source: x, overall: '1 + 1'}
            """
        let definitions = try KPIDefinition.parse(text, path: "kpi.yaml")
        #expect(definitions.map(\.measure.kind) == ["presence", "ratio", "quantile", "sample_rate", "expression"])
        #expect(definitions.first?.measure == .presence(selector: "up{$source}", interval: 60_000))
        #expect(definitions.map(\.summary) == ["", "", "Slow ones.", "", ""])
    }

    @Test func anUnknownKeyIsNamedWithItsLineAndTheNearestOne() {
        let text = entry("name: a\ntitle: A\nunit: ms\nkind: quantile\nselector: lat\nq: 0.5\nselectro: x")
        #expect(
            problems(text) == [
                "kpi.yaml:8: a definition of kind quantile has no key \"selectro\"; the nearest one is \"selector\""
            ])
        #expect(problems("kpi: []") == ["kpi.yaml:1: there is no key \"kpi\" here; a file holds the one key \"kpis\""])
    }

    @Test func missingKeysAreNamed() {
        #expect(
            problems(entry("kind: ratio\nname: a\ntitle: A\nunit: ms")) == [
                "kpi.yaml:2: the definition lacks the key \"numerator\"",
                "kpi.yaml:2: the definition lacks the key \"denominator\"",
            ])
        #expect(problems(entry("title: A")).count == 3)
    }

    @Test(arguments: [
        ("name: A-b", "name: expected up to 64 of a-z, 0-9 and _, a letter first, found \"A-b\""),
        ("name: 1a", "name: expected up to 64 of a-z, 0-9 and _, a letter first, found \"1a\""),
        ("title: [x]", "title: expected a text, found a list"),
        ("unit: meters", "unit: expected ratio, ms, per_second or number, found \"meters\""),
        ("interval: 10", "interval: expected a duration from 1s to 1d, found \"10\""),
        ("interval: 2d", "interval: expected a duration from 1s to 1d, found \"2d\""),
        ("selector: up + 1", "selector: 1:1: parse error: "),
        ("selector: 'up{$sauce}'", "selector: 1:4: parse error: "),
        ("kind: uptime", "kind: expected presence, ratio, quantile, sample_rate or expression, found \"uptime\""),
    ])
    func badValuesSayWhatWasExpected(line: String, message: String) throws {
        var lines = ["name: a", "title: A", "unit: ms", "kind: presence", "selector: up", "interval: 60s"]
        let key = line.prefix { $0 != ":" }
        let index = try #require(lines.firstIndex { $0.hasPrefix(key + ":") })
        lines[index] = line
        let found = problems(entry(lines.joined(separator: "\n")))
        #expect(found.contains { $0.hasPrefix("kpi.yaml:\(index + 2): \(message)") }, "\(found)")
    }

    @Test func expressionsMustGiveValues() {
        let text = entry("name: a\ntitle: A\nunit: ms\nkind: expression\nper_source: 'x[5m]'\noverall: '\"text\"'")
        #expect(
            problems(text).first
                == "kpi.yaml:6: per_source: expected an expression that gives an instant vector, not a range vector")
        let quantile = entry("name: a\ntitle: A\nunit: ms\nkind: quantile\nselector: x\nq: 1.5")
        #expect(problems(quantile) == ["kpi.yaml:7: q: expected a number from 0 to 1, found \"1.5\""])
    }

    @Test func namesAreUnique() {
        let one = "- {name: a, title: A, unit: ms, kind: sample_rate, selector: x}\n"
        #expect(problems("kpis:\n" + one + one) == ["kpi.yaml:3: name: \"a\" is already defined at kpi.yaml:2"])
    }

    @Test(arguments: ["", "[]", "kpis:", "kpis: {a: b}", "kpis: [3]", "a: b: c", "kpis: []\nkpis: []", "{", "\u{0}"])
    func whatIsNoDefinitionFileIsRefused(text: String) {
        #expect(problems(text).count == 1)
    }

    @Test func foldersAreReadInOrderOfNamesAndReportEveryProblem() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kpis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: KPIDefinitionError.self) { try KPIDefinition.load(directory: folder) }
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        let body = "title: A, unit: ms, kind: sample_rate, selector: x}\n"
        try write("b.yml", "kpis:\n- {name: two, " + body)
        try write("a.yaml", "kpis:\n- {name: one, " + body)
        try write("notes.txt", "not read")
        #expect(try KPIDefinition.load(directory: folder).map(\.name) == ["one", "two"])
        try write("c.yaml", "kpis:\n- {name: two, " + body)
        try write("d.yaml", "kpis: 3\n")
        #expect {
            _ = try KPIDefinition.load(directory: folder)
        } throws: { error in
            let text = "\(error)"
            return text.contains("c.yaml:2: name: \"two\" is already defined at ") && text.contains("d.yaml:1: kpis: ")
        }
        #expect {
            _ = try KPIDefinition.load(directory: folder.appendingPathComponent("absent"))
        } throws: { "\($0)".contains("cannot be read") }
    }
}
