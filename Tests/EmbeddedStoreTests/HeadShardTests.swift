import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// A shard against a dictionary, over samples in and out of order.
@Suite struct HeadShardTests {
    @Test(arguments: 0..<8) func agreesWithADictionary(_ round: UInt64) {
        var seeds = SeededGenerator.seeded("HeadShardTests round \(round)")
        var generator = SeededGenerator(seed: seeds.next() &+ round)
        var shard = HeadShard()
        var model: [Int: [Int64: Double]] = [:]
        let origin: Int64 = 1_760_004_000_000
        var now = origin
        for operation in 0..<6000 {
            let slot = Int.random(in: 0..<3, using: &generator)
            let age: Int64 =
                switch generator.next() % 8 {
                case 0: Int64.random(in: 0...200_000, using: &generator)
                case 1: Int64.random(in: 0...20_000_000, using: &generator)
                case 2: 0
                default: -Int64.random(in: 1...3000, using: &generator)
                }
            let time = now - age
            now = max(now, time)
            let value = Double(Int.random(in: 0...2, using: &generator))
            let outcome = HeadCoding.powers.withUnsafeBufferPointer {
                shard.insert(slot, time, value, window: Head.window(of: time), $0)
            }
            switch model[slot]?[time] {
            case nil: #expect(outcome == .stored)
            case .some(let known):
                #expect(outcome == (known == value ? .duplicate : .replaced), "operation \(operation)")
            }
            model[slot, default: [:]][time] = value
            if generator.next() % 1500 == 0 {
                let range = TimeRange(
                    from: now - Int64.random(in: 0...9_000_000, using: &generator), through: now - 100)
                let expected = model[slot, default: [:]].keys.count { range.contains($0) }
                #expect(shard.remove(slot, in: range) == expected)
                model[slot] = model[slot]?.filter { !range.contains($0.key) }
            }
            if operation % 500 == 499 { compare(shard, model, .all) }
        }
        compare(shard, model, TimeRange(from: now - 8_000_000, through: now - 50_000))
        let windows = Set(model.values.flatMap(\.keys).map { Head.window(of: $0) })
        shard.detach(windows)
        compare(shard, model, .all)
        shard.forget(windows)
        compare(shard, [:], .all)
        #expect(shard.arena.usedBytes == 0)
    }

    /// Two senders have every other sample of a series each; the one lags behind the other, and repeats some of its own.
    @Test(arguments: 0..<8) func agreesWhereSendersTakeTurns(_ round: UInt64) {
        var seeds = SeededGenerator.seeded("HeadShardTests turns, round \(round)")
        var generator = SeededGenerator(seed: seeds.next() &+ round)
        var shard = HeadShard()
        var model: [Int64: Double] = [:]
        let origin: Int64 = 1_760_004_000_000
        var next: [Int64] = [0, 1]
        for operation in 0..<2000 {
            let lead = next[0] - next[1]
            let sender = lead > 12 ? 1 : lead < -12 ? 0 : Int.random(in: 0...1, using: &generator)
            let isRepeated = generator.next() % 6 == 0 && next[sender] > 2
            let step = isRepeated ? next[sender] - 2 * Int64.random(in: 1...6, using: &generator) : next[sender]
            if !isRepeated { next[sender] += generator.next() % 40 == 0 ? 4 : 2 }
            let time = origin + max(0, step) * 15_000
            let value = Double(generator.next() % 2)
            let outcome = HeadCoding.powers.withUnsafeBufferPointer {
                shard.insert(0, time, value, window: Head.window(of: time), $0)
            }
            let expected: InsertOutcome = model[time].map { $0 == value ? .duplicate : .replaced } ?? .stored
            #expect(outcome == expected, "operation \(operation)")
            model[time] = value
        }
        compare(shard, [0: model], .all)
    }

    private func compare(_ shard: borrowing HeadShard, _ model: [Int: [Int64: Double]], _ range: TimeRange) {
        for slot in 0..<3 {
            var image = HeadImage(range: range)
            shard.copy(slot, in: range, into: &image)
            let found = image.decoded()
            let expected = model[slot, default: [:]].filter { range.contains($0.key) }.sorted { $0.key < $1.key }
            #expect(found.timestamps == expected.map(\.key))
            #expect(found.values == expected.map(\.value))
        }
    }
}
