import Synchronization
import TelemetryModel
import Testing
import WireFormats

@Suite struct SeriesTransformTests {
    private let registry = SeriesRegistry()

    private func decode(
        _ text: String, by decoder: ExpositionDecoder, sender: UInt64 = 1, takesTimestamps: Bool = true,
        sampleLimit: Int = 0,
        format: ExpositionFormat = .text, calls: CallCount = CallCount(),
        _ apply: @escaping @Sendable ([Label]) -> SeriesTransform.Outcome
    ) throws -> DecodedExposition {
        let transform = SeriesTransform(sender: sender, takesTimestamps: takesTimestamps, sampleLimit: sampleLimit) {
            calls.add()
            return apply($0)
        }
        return try decoder.decode(Array(text.utf8).span, format: format, transform: transform, defaultTimestamp: 1000)
    }

    private final class CallCount: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
    }

    private func labels(of decoded: DecodedExposition) -> [String] {
        decoded.request.batch.references.map { registry.labels(of: $0).description }
    }

    @Test("A series is transformed once, and what is left out is remembered, too")
    func remembered() throws {
        let decoder = ExpositionDecoder(registry: registry)
        let calls = CallCount()
        let text = "a{x=\"1\"} 1\nb 2\nc 3\n"
        for round in 0..<3 {
            let decoded = try decode(text, by: decoder, calls: calls) { labels in
                labels[0].value == "b" ? .dropped : .series(labels + [Label("job", "j")])
            }
            #expect(labels(of: decoded) == [#"a{job="j", x="1"}"#, #"c{job="j"}"#])
            #expect(decoded.request.batch.values == [1, 3])
            #expect(decoded.dropped == 1 && decoded.request.recordCount == 3)
            #expect(calls.value == 3, "round \(round)")
        }
    }

    @Test("Senders with the same text have series of their own")
    func senders() throws {
        let decoder = ExpositionDecoder(registry: registry)
        for sender in [1, 256, 1, 256] as [UInt64] {
            let decoded = try decode("a 1\n", by: decoder, sender: sender) {
                .series($0 + [Label("sender", "\(sender)")])
            }
            #expect(labels(of: decoded) == [#"a{sender="\#(sender)"}"#])
        }
    }

    @Test("Times of the text are taken or not, and those taken are noted")
    func times() throws {
        let decoder = ExpositionDecoder(registry: registry)
        let text = "a 1\nb 2 5000\nc 3 6000\n"
        let taken = try decode(text, by: decoder) { $0[0].value == "b" ? .dropped : .series($0) }
        #expect(taken.request.batch.timestamps == [1000, 6000])
        #expect(taken.timed == [1])
        let own = try decode(text, by: decoder, sender: 2, takesTimestamps: false) { .series($0) }
        #expect(own.request.batch.timestamps == [1000, 1000, 1000])
        #expect(own.timed.isEmpty)
    }

    @Test("Beyond the limit, samples are counted and series stay unknown")
    func limited() throws {
        let decoder = ExpositionDecoder(registry: registry)
        let text = (0..<5000).map { "m{n=\"\($0)\"} 1\n" }.joined()
        let decoded = try decode(text, by: decoder, sampleLimit: 10) { .series($0) }
        #expect(decoded.request.recordCount == 5000)
        #expect(decoded.request.batch.count + decoded.beyondLimit == 5000)
        // Series are looked up some hundred at a time.
        #expect(registry.count < 1000)
    }

    @Test("What is refused, or broken, has its place and reason")
    func refused() throws {
        let decoder = ExpositionDecoder(registry: registry)
        for _ in 0..<2 {
            let decoded = try decode("a 1\nb{x=\"1\",x=\"2\"} 2\nc 3\n", by: decoder) {
                $0[0].value == "c" ? .refused("too much") : .series($0)
            }
            #expect(decoded.request.batch.count == 1)
            #expect(decoded.request.rejected.map(\.reason) == [.duplicateKey, .scrapeLimit])
            #expect(decoded.request.rejected.map(\.index) == [1, 2])
            #expect(decoded.request.rejected[1].message == "Line 3: too much")
        }
        let nameless = try decode("a 1\n", by: decoder, sender: 9) { _ in .series([Label("x", "y")]) }
        #expect(nameless.request.rejected.map(\.reason) == [.missingField])
    }
}
