import NativeHistograms
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Histograms and start timestamps in the head.
@Suite struct HeadDetailsTests {
    private struct Sample {
        var value: Double
        var detail: SampleDetail

        func isSame(as other: Sample) -> Bool {
            detail.isSame(as: other.detail) && (detail.histogram != nil || value == other.value)
        }
    }

    private static let window: Int64 = 1_760_004_000_000

    /// One series and two windows, against a dictionary: every outcome, and all that is read.
    @Test(arguments: 0..<6) func agreeWithADictionary(_ round: UInt64) throws {
        var seeds = SeededGenerator.seeded("HeadDetailsTests.agreeWithADictionary round \(round)")
        var generator = SeededGenerator(seed: seeds.next() &+ round)
        var shard = HeadShard()
        var model: [Int64: Sample] = [:]
        let histograms = RandomHistograms.series(.counter, count: 40, using: &generator)
        var newest = Self.window
        for step in 0..<900 {
            var time = newest
            switch generator.next() % 10 {
            case 0: time = Self.window + Int64.random(in: 0...newest - Self.window, using: &generator)
            case 1: time = model.keys.randomElement(using: &generator) ?? newest
            default: time += 15_000
            }
            newest = max(newest, time)
            var sample = Sample(value: Double(generator.next() % 3), detail: SampleDetail())
            switch round % 3 {
            case 0: sample.detail.startTimestamp = generator.next() % 30 == 0 ? nil : 7
            case 1: sample.detail.startTimestamp = generator.next() % 4 == 0 ? 7 : time - 15_000
            default:
                if generator.next() % 3 == 0 { sample.detail.startTimestamp = 7 }
                if generator.next() % 4 > 0 { sample.detail.histogram = histograms[Int(generator.next() % 3)] }
            }
            if let known = model[time], generator.next() % 3 == 0 { sample = known }
            let expected: InsertOutcome =
                model[time].map { $0.isSame(as: sample) ? .duplicate : .replaced } ?? .stored
            let found = insert(sample, at: time, into: &shard)
            #expect(found == expected, "step \(step)")
            model[time] = sample
            if step % 200 == 150 {
                let from = Self.window + Int64.random(in: 0...newest - Self.window, using: &generator)
                let range = TimeRange(from: from, through: from + 400_000)
                #expect(shard.remove(0, in: range) == model.keys.count { range.contains($0) })
                model = model.filter { !range.contains($0.key) }
            }
            if step % 50 == 49 { expectSame(shard, model, "step \(step)") }
        }
        #expect(newest >= Self.window + Head.windowLength)
        shard.detach([Self.window])
        expectSame(shard, model, "detached")
        // What comes late for a window that is on its way replaces what has left.
        for time in model.keys.filter({ $0 < Self.window + Head.windowLength }).shuffled(using: &generator).prefix(20) {
            let sample = Sample(value: 5, detail: SampleDetail(histogram: histograms[Int(generator.next() % 40)]))
            _ = insert(
                generator.next() % 2 == 0 ? sample : Sample(value: 1, detail: SampleDetail()), at: time, into: &shard)
            model[time] = nil
        }
        expectSame(shard, model, "late", isSubset: true)
        shard.forget([Self.window])
        model = model.filter { $0.key >= Self.window + Head.windowLength }
        expectSame(shard, model, "forgotten", isSubset: true)
    }

    private func insert(_ sample: Sample, at time: Int64, into shard: inout HeadShard) -> InsertOutcome {
        let window = Head.window(of: time)
        return HeadCoding.powers.withUnsafeBufferPointer { powers in
            sample.detail.isEmpty
                ? shard.insert(0, time, sample.value, window: window, powers)
                : shard.insert(0, time, sample.value, sample.detail, window: window, powers)
        }
    }

    private func expectSame(
        _ shard: borrowing HeadShard, _ model: [Int64: Sample], _ when: String, isSubset: Bool = false
    ) {
        var image = HeadImage(range: .all)
        shard.copy(0, in: .all, into: &image)
        let columns = image.decoded()
        let details = image.decodedDetails()
        if !isSubset { #expect(columns.timestamps == model.keys.sorted(), "\(when)") }
        #expect(details.histograms.without(columns.timestamps).isEmpty, "\(when)")
        #expect(details.starts.without(columns.timestamps).isEmpty, "\(when)")
        for (time, value) in zip(columns.timestamps, columns.values) {
            guard let sample = model[time] else { continue }
            let detail = details.detail(at: time)
            #expect(detail.isSame(as: sample.detail), "\(when), \(time)")
            if detail.histogram == nil { #expect(value == sample.value, "\(when), \(time)") }
        }
    }

    @Test func aCountersStartTakesOneRunAndADeltasFewBytes() {
        var starts = HeadStarts()
        for index in Int64(0)..<480 {
            starts.append(
                Self.window + index * 15_000, 77, previous: index == 0 ? nil : Self.window + (index - 1) * 15_000)
        }
        #expect(starts.byteCount == 0)
        var deltas = HeadStarts()
        for index in Int64(0)..<480 {
            let time = Self.window + index * 15_000
            deltas.append(time, time - 15_000, previous: index == 0 ? nil : time - 15_000)
        }
        #expect(deltas.byteCount < 480 * 12)
        let times = (0..<480).map { Self.window + Int64($0) * 15_000 }
        #expect(starts.column(of: times[...]).values == Array(repeating: 77, count: 480))
        #expect(deltas.column(of: times[...]).values == times.map { $0 - 15_000 })
    }

    @Test func histogramsTakeFewBytes() {
        var generator = SeededGenerator(seed: 9)
        var histograms = HeadHistograms()
        for (index, histogram) in RandomHistograms.series(.customBounds, count: 480, using: &generator).enumerated() {
            histograms.append(Self.window + Int64(index) * 15_000, histogram)
        }
        print("\(Double(histograms.byteCount) / 480) bytes a histogram")
        #expect(histograms.byteCount < 480 * 40)
    }

    /// A plain series must not pay for what it does not have.
    @Test func aPlainSeriesHasNoDetails() throws {
        var shard = HeadShard()
        for index in Int64(0)..<100 {
            _ = insert(Sample(value: 1, detail: SampleDetail()), at: Self.window + index, into: &shard)
        }
        #expect(shard.windows.values.allSatisfy { $0.details.isEmpty })
        #expect(MemoryLayout<HeadColumn>.stride <= 56)
    }
}
