import LabelPattern
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

@Suite struct HeadIndexTests {
    private static func randomLabels(_ generator: inout SeededGenerator) -> LabelSet {
        var labels = [Label("__name__", "m\(generator.next() % 5)")]
        for name in ["source_id", "region", "ünïcode"] where generator.next() % 4 > 0 {
            labels.append(Label(name, ["", "a", "ab", "abc", "b", "eu-1", "eu-2", "x.y"][Int(generator.next() % 8)]))
        }
        return LabelSet(labels)
    }

    @Test func agreesWithLookingAtEverySeries() throws {
        var generator = SeededGenerator.seeded("agreesWithLookingAtEverySeries")
        var index = HeadIndex()
        var all: Set<LabelSet> = []
        let matcherLists: [[LabelMatcher]] = [
            [], [LabelMatcher("__name__", .equal("m1"))], [LabelMatcher("region", .equal(""))],
            [LabelMatcher("region", .notEqual("a")), LabelMatcher("source_id", .notEqual(""))],
            [LabelMatcher("region", .matches(try LabelPattern("a|b|nowhere")))],
            [LabelMatcher("region", .matches(try LabelPattern("eu-.*")))],
            [LabelMatcher("region", .matches(try LabelPattern("eu-.*|")))],
            [LabelMatcher("region", .matches(try LabelPattern(".+c?"))), LabelMatcher("__name__", .equal("m2"))],
            [LabelMatcher("region", .doesNotMatch(try LabelPattern("a.*")))],
            [LabelMatcher("region", .doesNotMatch(try LabelPattern("|a.*"))), LabelMatcher("ünïcode", .equal("x.y"))],
            [LabelMatcher("nothing", .equal("x"))], [LabelMatcher("nothing", .equal(""))],
            [LabelMatcher("nothing", .matches(try LabelPattern("x.+")))],
        ]
        for round in 0..<60 {
            for _ in 0..<20 {
                let labels = HeadIndexTests.randomLabels(&generator)
                let id = index.insert(labels)
                #expect(index.labels(of: id) == labels)
                #expect(index.insert(labels) == id)
                all.insert(labels)
            }
            #expect(index.count == all.count)
            for matchers in matcherLists {
                let found = index.series(matching: matchers).map { index.labels(of: $0) }
                let expected = all.filter { set in matchers.allSatisfy { $0.accepts(set) } }.sorted()
                #expect(found == expected, "round \(round): \(matchers)")
            }
        }
        #expect(Set(index.names) == ["__name__", "source_id", "region", "ünïcode"])
        #expect(Set(index.values(of: "__name__")) == ["m0", "m1", "m2", "m3", "m4"])
    }

    @Test func textsThatLookAlikeStayApart() {
        // Canonically equivalent, for which String's == says equal; different bytes.
        var index = HeadIndex()
        let composed = LabelSet(["__name__": "m", "place": "caf\u{e9}"])
        let decomposed = LabelSet(["__name__": "m", "place": "cafe\u{301}"])
        let first = index.insert(composed)
        let second = index.insert(decomposed)
        #expect(first != second)
        #expect(index.labels(of: second)["place"].map { Array($0.utf8) } == Array("cafe\u{301}".utf8))
    }

    @Test func postingArithmeticAgreesWithSets() {
        var generator = SeededGenerator.seeded("postingArithmeticAgreesWithSets")
        for _ in 0..<300 {
            func list() -> [UInt32] {
                let size = [0, 1, 3, 40, 400].randomElement(using: &generator) ?? 0
                return Set((0..<size).map { _ in UInt32.random(in: 0..<500, using: &generator) }).sorted()
            }
            let (a, b, c) = (list(), list(), list())
            #expect(PostingArithmetic.intersection(a, b) == Set(a).intersection(b).sorted())
            #expect(PostingArithmetic.difference(a, b) == Set(a).subtracting(b).sorted())
            #expect(PostingArithmetic.union([a, b, c], below: 500) == Set(a).union(b).union(c).sorted())
        }
    }
}
