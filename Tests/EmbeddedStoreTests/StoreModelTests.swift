import Foundation
import LabelPattern
import NativeHistograms
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// The store against a plain dictionary, over random operations.
@Suite struct StoreModelTests {
    /// What the log would hold: replayed after a reopening.
    private struct Entry {
        let offset: Int64
        let labels: [LabelSet]
        let times: [Int64]
        let samples: [ModelSample]
    }

    private final class Model {
        var samples: [LabelSet: [Int64: ModelSample]] = [:]

        /// Duplicates are judged by the store for what it still has in memory only, so the model counts distinct samples.
        func add(_ entry: Entry) {
            for index in entry.times.indices {
                samples[entry.labels[index], default: [:]][entry.times[index]] = entry.samples[index]
            }
        }
    }

    @Test(arguments: 0..<6) func agreesWithADictionary(_ round: UInt64) throws {
        var seeds = SeededGenerator.seeded("agreesWithADictionary round \(round)")
        var generator = SeededGenerator(seed: seeds.next() &+ round)
        let folder = try TemporaryFolder()
        let model = Model()
        var store = try EmbeddedStore(dataFolder: folder.path)
        var entries: [Entry] = []
        var now: Int64 = 1_760_000_000_000
        // In half of the rounds old samples do not wait.
        var policy = EmbeddedStore.FlushPolicy()
        if round % 2 == 1 { policy.maximumBackfillBytes = 0 }
        for offset in Int64(1)...120 {
            let entry = randomEntry(offset: offset, now: now, using: &generator)
            entries.append(entry)
            model.add(entry)
            apply(entry, to: store, isReplay: false)
            now += Int64.random(in: 0...900_000, using: &generator)
            switch generator.next() % 16 {
            case 0:
                if store.detach(dueAt: now, policy: policy, through: offset) {
                    _ = try store.writeDetached(now: now) {}
                    let safe = store.safeOffset(applied: offset)
                    entries.removeAll { $0.offset <= safe }
                }
            case 1:
                // A kill: what was in memory is gone, the log is replayed.
                store = try EmbeddedStore(dataFolder: folder.path)
                for entry in entries { apply(entry, to: store, isReplay: true) }
            case 2:
                // A flush that fails before its blocks get their names.
                struct Stop: Error {}
                if store.detach(dueAt: now, policy: policy, through: offset) {
                    #expect(throws: Stop.self) { try store.writeDetached(now: now) { throw Stop() } }
                }
            case 3, 4:
                while try store.compactNext(now: now + Int64.random(in: 0...20_000_000, using: &generator)) != nil {}
            case 5:
                try delete(from: store, model, through: offset, now: now, using: &generator)
            case 6:
                // A clean stop: everything goes into blocks.
                if store.detachAll(through: offset) { _ = try store.writeDetached(now: now) {} }
                let safe = store.safeOffset(applied: offset)
                entries.removeAll { $0.offset <= safe }
                store = try EmbeddedStore(dataFolder: folder.path)
                for entry in entries { apply(entry, to: store, isReplay: true) }
            default: break
            }
            if offset % 10 == 0 { try compare(store, model, now: now, using: &generator) }
        }
        try compare(store, model, now: now, using: &generator)
    }

    /// Takes samples away from the store and the model; the receipt says how many.
    private func delete(
        from store: EmbeddedStore, _ model: Model, through offset: Int64, now: Int64,
        using generator: inout SeededGenerator
    ) throws {
        let matchers = [LabelMatcher("source_id", .equal("s\(generator.next() % 4)"))]
        let from = now - Int64.random(in: 0...300_000_000, using: &generator)
        let range = TimeRange(from: from, through: from + Int64.random(in: 0...50_000_000, using: &generator))
        var expected = 0
        for (labels, samples) in model.samples where matchers.allSatisfy({ $0.accepts(labels) }) {
            expected += samples.keys.count { range.contains($0) }
            model.samples[labels] = samples.filter { !range.contains($0.key) }
        }
        do {
            let receipt = try store.delete(matchers, in: range, now: now) { try $0(offset) }
            // A sample that is in several blocks, or in one and in the head, is taken out of each.
            #expect(receipt.samples >= expected)
        } catch DeletionError.flushPending {
            // After a flush that failed; it is finished first, as the processor does it.
            _ = try store.writeDetached(now: now) {}
            _ = try store.delete(matchers, in: range, now: now) { try $0(offset) }
        }
    }

    /// By source: numbers; numbers of a counter that says when it began; numbers and histograms that count anew each time; all
    /// of that, changing.
    private func randomSample(
        _ source: UInt64, at time: Int64, using generator: inout SeededGenerator
    ) -> ModelSample {
        var sample = ModelSample(value: Double(Int.random(in: 0...1000, using: &generator)) / 8)
        let kind = source == 3 ? generator.next() % 3 : source
        switch kind {
        case 0: return sample
        case 1: sample.start = 1_759_000_000_000 + Int64(generator.next() % 20 / 19) * 1000
        default:
            sample.start = time - 15_000
            if generator.next() % 4 > 0 {
                let shape = RandomHistograms.Shape.allCases[Int(generator.next() % 5)]
                sample.histogram = RandomHistograms.series(shape, count: 1, using: &generator)[0]
            }
        }
        return sample
    }

    private func randomEntry(offset: Int64, now: Int64, using generator: inout SeededGenerator) -> Entry {
        var labels: [LabelSet] = []
        var times: [Int64] = []
        var samples: [ModelSample] = []
        for _ in 0..<Int.random(in: 1...400, using: &generator) {
            let source = generator.next() % 4
            labels.append(LabelSet(["__name__": "m\(generator.next() % 3)", "source_id": "s\(source)"]))
            let age: Int64 =
                switch generator.next() % 10 {
                case 0: Int64.random(in: 0...20_000_000, using: &generator)
                case 1: Int64.random(in: 0...400_000_000, using: &generator)
                case 2: -Int64.random(in: 0...9_000_000, using: &generator)
                default: Int64.random(in: 0...3000, using: &generator)
                }
            times.append(now - age)
            samples.append(randomSample(source, at: now - age, using: &generator))
        }
        return Entry(offset: offset, labels: labels, times: times, samples: samples)
    }

    private func apply(_ entry: Entry, to store: EmbeddedStore, isReplay: Bool) {
        let indexed = entry.samples.enumerated()
        _ = store.append(
            entry.labels.map { store.id(for: $0) }, timestamps: entry.times, values: entry.samples.map(\.value),
            histograms: indexed.compactMap { index, sample in
                sample.histogram.map { RecordHistogram(sampleIndex: index, histogram: $0) }
            },
            starts: indexed.compactMap { index, sample in
                sample.start.map { RecordStart(sampleIndex: index, startTimestamp: $0) }
            }, events: [],
            offset: entry.offset, arrivedAt: entry.times.max() ?? 0, isReplay: isReplay)
    }

    private func compare(
        _ store: EmbeddedStore, _ model: Model, now: Int64, using generator: inout SeededGenerator
    ) throws {
        let from = now - Int64.random(in: 0...500_000_000, using: &generator)
        let range = Bool.random(using: &generator) ? TimeRange.all : TimeRange(from: from, through: from + 100_000_000)
        let matcherLists: [[LabelMatcher]] = [
            [LabelMatcher("__name__", .equal("m1"))],
            [LabelMatcher("source_id", .notEqual("s0"))],
            [LabelMatcher("__name__", .equal("m0")), LabelMatcher("source_id", .matches(try LabelPattern("s1|s2")))],
            [],
        ]
        for matchers in matcherLists {
            let found = try store.select(
                SeriesSelection(matchers: matchers, range: range), budget: QueryBudget())
            let expected = model.samples.filter { entry in matchers.allSatisfy { $0.accepts(entry.key) } }
                .mapValues { $0.filter { range.contains($0.key) }.sorted { $0.key < $1.key } }
                .filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
            #expect(found.map(\.labels) == expected.map(\.key))
            for (series, wanted) in zip(found, expected) {
                #expect(ModelSample.difference(wanted.value, series) == nil, "\(series.labels)")
            }
            let newest = try store.select(
                SeriesSelection(matchers: matchers, range: range, isNewestEnough: true), budget: QueryBudget())
            #expect(newest.map(\.labels) == expected.map(\.key))
            for (series, wanted) in zip(newest, expected) {
                #expect(ModelSample.difference(wanted.value.suffix(1), series.newest) == nil, "\(series.labels)")
            }
            let names = try store.series([matchers], in: range, budget: QueryBudget())
            #expect(names == expected.map(\.key))
        }
    }
}

extension SelectedSeries {
    /// With the newest sample only.
    fileprivate var newest: SelectedSeries {
        let time = max(samples.timestamps.last ?? .min, histograms.timestamps.last ?? .min)
        let sample = samples.timestamps.firstIndex(of: time)
        let histogram = histograms.timestamps.firstIndex(of: time)
        let start = starts.timestamps.firstIndex(of: time)
        return SelectedSeries(
            labels: labels,
            samples: SampleColumns(
                timestamps: sample.map { _ in [time] } ?? [], values: sample.map { [samples.values[$0]] } ?? []),
            histograms: HistogramColumns(
                timestamps: histogram.map { _ in [time] } ?? [],
                histograms: histogram.map { [histograms.histograms[$0]] } ?? []),
            starts: StartColumns(
                timestamps: start.map { _ in [time] } ?? [], starts: start.map { [starts.starts[$0]] } ?? []))
    }
}

/// A sample with all that it may have.
private struct ModelSample {
    var value: Double
    var histogram: NativeHistogram?
    var start: Int64?

    /// Where a series departs from what is expected of it, in words; nil if it does not, bit for bit.
    static func difference(_ expected: [(key: Int64, value: ModelSample)], _ found: SelectedSeries) -> String? {
        let numbers = expected.filter { $0.value.histogram == nil }
        let difference = SampleColumns(timestamps: numbers.map(\.key), values: numbers.map(\.value.value))
            .firstDifference(from: found.samples)
        if let difference { return difference }
        let histograms = expected.filter { $0.value.histogram != nil }
        guard histograms.map(\.key) == found.histograms.timestamps else { return "histograms at other times" }
        guard histograms.compactMap(\.value.histogram).isSame(as: found.histograms.histograms) else {
            return "other histograms"
        }
        let starts = expected.filter { $0.value.start != nil }
        guard starts.map(\.key) == found.starts.timestamps else { return "starts at other times" }
        return starts.compactMap(\.value.start) == found.starts.starts ? nil : "other starts"
    }
}

extension SampleColumns {
    /// Where another column departs from this one, in words; nil if they are the same, bit for bit.
    func firstDifference(from found: SampleColumns) -> String? {
        for index in 0..<max(count, found.count) {
            guard index < count else { return "\(index): nothing expected, found \(found.text(index))" }
            guard index < found.count else { return "\(index): expected \(text(index)), found the end" }
            if timestamps[index] != found.timestamps[index]
                || values[index].bitPattern != found.values[index].bitPattern
            {
                return "\(index): expected \(text(index)), found \(found.text(index))"
            }
        }
        return nil
    }

    private func text(_ index: Int) -> String { "\(values[index]) at \(timestamps[index])" }
}
