import TestSupport
import Testing

@testable import TelemetryModel

@Suite struct SeriesRegistryTests {
    private func random(_ generator: inout SeededGenerator) -> LabelSet {
        let texts = ["a", "bb", "region", "prod", "é\"\\\n\u{1}", "a-value-that-does-not-fit-fifteen-bytes", ""]
        var labels: [Label] = []
        for _ in 0..<generator.next() % 5 {
            let name = texts[Int(generator.next() % 6)]
            labels.append(Label(name, texts[Int(generator.next() % 7)] + String(generator.next() % 10)))
        }
        return LabelSet(labels)
    }

    @Test func agreesWithADictionary() {
        var generator = SeededGenerator.seeded("agreesWithADictionary")
        let registry = SeriesRegistry()
        var model: [LabelSet: UInt32] = [:]
        for _ in 0..<20_000 {
            let labels = random(&generator)
            let reference = registry.reference(for: labels)
            if model[labels] == nil { model[labels] = UInt32(model.count) }
            #expect(reference?.rawValue == model[labels])
        }
        #expect(registry.count == model.count)
        for (labels, reference) in model { #expect(registry.labels(of: SeriesReference(reference)) == labels) }
    }

    @Test func restoredSeriesKeepTheirReferences() {
        var generator = SeededGenerator.seeded("restoredSeriesKeepTheirReferences")
        let registry = SeriesRegistry()
        for _ in 0..<3000 { _ = registry.reference(for: random(&generator)) }
        var reader = LabelSetReader()
        let restored = SeriesRegistry()
        restored.restore(count: registry.count) { append in
            for labels in registry.labels(from: 0) {
                let read = reader.read(labels.json.utf8Span.span)
                #expect(read == labels)
                #expect(read?.digest == labels.digest)
                if let read { append(read) }
            }
        }
        #expect(restored.labels(from: 0) == registry.labels(from: 0))
        for (index, labels) in registry.labels(from: 0).enumerated() {
            #expect(restored.reference(for: labels) == SeriesReference(UInt32(index)))
        }
        #expect(restored.reference(for: LabelSet(["new": "one"])) == SeriesReference(UInt32(registry.count)))
        #expect(restored.labels(from: registry.count) == [LabelSet(["new": "one"])])
        #expect(restored.labels(from: 1_000_000).isEmpty)
    }

    /// A reader that has read other series before gives what a fresh one gives, for good input and for wild.
    @Test func theSeriesBeforeChangesNothing() {
        var generator = SeededGenerator.seeded("theSeriesBeforeChangesNothing")
        var reader = LabelSetReader()
        for _ in 0..<20_000 {
            var text = Array(random(&generator).json.utf8)
            if generator.next() % 3 == 0, !text.isEmpty {
                text[Int(generator.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            var fresh = LabelSetReader()
            #expect(reader.read(text.span) == fresh.read(text.span))
        }
    }
}
