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
}
