import DecoderFuzzing
import Foundation
import ServiceDecoderFuzzing
import TestSupport
import Testing

/// Kept inputs with small changes. `HELIOGRAPH_SEED` runs one sequence again, `HELIOGRAPH_FUZZ_ITERATIONS` makes it longer.
@Suite struct MutationTests {
    static let iterations =
        ProcessInfo.processInfo.environment["HELIOGRAPH_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 100

    @Test(arguments: DecoderUnderTest.all)
    func mutations(_ decoder: DecoderUnderTest) throws {
        var mutation = ByteMutation(.seeded(decoder.name))
        let journal = try InputJournal(decoder.name)
        var corpus = try KeptInputs.of(decoder.name).map(\.bytes)
        for _ in 0..<Self.iterations {
            let base = corpus.randomElement(using: &mutation.random) ?? []
            let input = mutation.mutated(base, corpus: corpus, tokens: decoder.tokens)
            journal.write(input)
            let faults = decoder.faults(of: input)
            #expect(faults == [], "\(String(decoding: input, as: UTF8.self).debugDescription), \(input)")
            // Some go on from where others are, so that changes add up.
            if mutation.random.next() % 8 == 0 { corpus.append(input) }
        }
    }

    /// Bytes at random are mostly refused at once, which must go well, too.
    @Test(arguments: DecoderUnderTest.all)
    func noise(_ decoder: DecoderUnderTest) throws {
        var random = SeededGenerator.seeded("\(decoder.name) noise")
        let journal = try InputJournal("\(decoder.name)-noise")
        for round in 0..<Self.iterations / 4 {
            let highest: UInt8 = round % 2 == 0 ? 255 : 40
            let input = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8.random(in: 0...highest, using: &random)
            }
            journal.write(input)
            #expect(decoder.faults(of: input) == [], "\(input)")
        }
    }

    /// What is read in twice the time if it is twice as long may not be read in four times the time.
    @Test(arguments: DecoderUnderTest.all)
    func workGrowsWithTheInput(_ decoder: DecoderUnderTest) throws {
        for kept in try KeptInputs.of(decoder.name) where !kept.bytes.isEmpty {
            func work(_ bytes: Int) -> Duration {
                let input = Array(repeatElement(kept.bytes, count: 1 + bytes / kept.bytes.count).joined())
                return (0..<3).map { _ in ContinuousClock().measure { _ = decoder.account(of: input) } }.min() ?? .zero
            }
            let (short, long) = (work(1024), work(16_384))
            // 16 times the bytes; quadratic work would be 256 times as much. Less than that says nothing.
            #expect(long < short * 100 || long < .milliseconds(200), "\(kept.file): \(short), then \(long)")
        }
    }
}
