import TelemetryModel
import TestSupport
import Testing

@Suite struct LabelSetTests {
    @Test func sortsDropsEmptyAndKeepsTheLastOfEqualNames() {
        let labels = LabelSet([Label("z", "1"), Label("a", ""), Label("b", "2"), Label("z", "3")])
        #expect(labels.labels == [Label("b", "2"), Label("z", "3")])
        #expect(labels["z"] == "3")
        #expect(labels["a"] == nil)
    }

    @Test func ordersByBytesNotByCanonicalEquivalence() {
        // U+00E9 and e + U+0301 are equal to Swift's String comparison and different label values to everyone else.
        let composed = LabelSet(["a": "\u{E9}"])
        let decomposed = LabelSet(["a": "e\u{301}"])
        #expect(composed.digest != decomposed.digest)
        #expect(composed != decomposed)
        #expect(decomposed < composed)
    }

    @Test func jsonRoundTrip() {
        var generator = SeededGenerator.seeded("jsonRoundTrip")
        let alphabet: [Character] = ["a", "\"", "\\", "\n", "\u{1}", "ü", "😀", "{", ":", ","]
        for _ in 0..<500 {
            let labels = LabelSet(
                (0..<Int.random(in: 0...6, using: &generator)).map { index in
                    let text = String(
                        (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                            alphabet.randomElement(using: &generator) ?? "a"
                        })
                    return Label("n\(index)" + text, text)
                })
            #expect(LabelSet(json: labels.json) == labels)
        }
    }

    @Test(arguments: ["", "{", "[]", "{\"a\"}", "{\"a\":1}", "{\"a\":\"b\"", "{\"a\":\"b\"}x", "{\"a\":\"\\u00\"}"])
    func refusesWhatItDidNotWrite(_ text: String) {
        #expect(LabelSet(json: text) == nil)
    }

    @Test func registryStopsAtItsLimit() {
        let registry = SeriesRegistry(limit: 2)
        #expect(registry.reference(for: LabelSet(["a": "1"])) == SeriesReference(0))
        #expect(registry.reference(for: LabelSet(["a": "2"])) == SeriesReference(1))
        #expect(registry.reference(for: LabelSet(["a": "3"])) == nil)
        #expect(registry.reference(for: LabelSet(["a": "1"])) == SeriesReference(0))
    }

    @Test func registryStopsAtASourcesLimitAlsoAfterRestoring() {
        func labels(_ source: String, _ metric: String) -> LabelSet {
            LabelSet(["__name__": metric, "source_id": source])
        }
        let registry = SeriesRegistry(limit: 5, limitPerSource: 2)
        registry.restore(count: 2) { append in
            append(labels("a", "x"))
            append(labels("b", "x"))
        }
        #expect(throws: Never.self) { try registry.register(labels("a", "y")) }
        #expect(throws: SeriesBudgetExceeded.source("a", limit: 2)) { try registry.register(labels("a", "z")) }
        #expect(registry.reference(for: labels("a", "x")) == SeriesReference(0))
        #expect(registry.reference(for: LabelSet(["__name__": "x"])) == SeriesReference(3))
        #expect(registry.reference(for: labels("b", "y")) == SeriesReference(4))
        #expect(throws: SeriesBudgetExceeded.total(limit: 5)) { try registry.register(labels("c", "x")) }
        #expect(registry.largestSources(2)?.map(\.source) == ["a", "b"])
        #expect(registry.largestSources(9)?.map(\.series) == [2, 2, 1])
        #expect(SeriesRegistry().largestSources(9)?.count == nil)
        #expect(registry.labels(from: 3, to: 99).count == 2)
    }
}
