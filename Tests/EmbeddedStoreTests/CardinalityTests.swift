import TelemetryModel
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct CardinalityTests {
    @Test func largestCountsAreThoseOfSortingAll() {
        var generator = SeededGenerator.seeded("largestCountsAreThoseOfSortingAll")
        for limit in [0, 1, 2, 7, 50, 400] {
            let counts = (0..<300).map { _ in Int(generator.next() % 40) }
            var largest = LargestCounts(limit)
            for (item, count) in counts.enumerated() { largest.offer(item, count: count) }
            let expected = counts.enumerated().sorted { ($0.element, $1.offset) > ($1.element, $0.offset) }.prefix(
                limit)
            #expect(largest.sorted.map(\.item) == expected.map(\.offset))
            #expect(largest.sorted.map(\.count) == expected.map(\.element))
        }
    }

    @Test func agreesWithCountingEverySeries() throws {
        var generator = SeededGenerator.seeded("cardinality.agreesWithCountingEverySeries")
        var index = HeadIndex()
        var all: Set<LabelSet> = []
        for _ in 0..<3000 {
            var labels = [
                Label("__name__", "m\(generator.next() % 9)"), Label("source_id", "s\(generator.next() % 100)"),
            ]
            if generator.next() % 3 == 0 { labels.append(Label("é", "v\(generator.next() % 700)")) }
            all.insert(LabelSet(labels))
            _ = index.insert(LabelSet(labels))
        }
        let report = index.cardinality(limit: 5)
        #expect(report.series == all.count)
        #expect(report.labelPairs == Set(all.flatMap(\.labels)).count)
        #expect(report.labelNames == 3)
        for (counts, name) in [(report.metrics, "__name__"), (report.sources, "source_id")] {
            let truth = Dictionary(grouping: all.compactMap { $0[name] }) { $0 }.mapValues(\.count)
            #expect(counts.map(\.series) == Array(truth.values.sorted(by: >).prefix(5)))
            for count in counts { #expect(truth[count.name] == count.series) }
        }
        let labels = report.labelsByValues
        #expect(labels.map(\.values) == labels.map(\.values).sorted(by: >))
        for label in labels {
            let values = all.compactMap { $0[label.name] }
            #expect(label.series == values.count)
            #expect(label.values == Set(values).count)
            #expect(label.bytes == Set(values).reduce(0) { $0 + $1.utf8.count })
            #expect(label.top.count == 5)
        }
        #expect(report.labelsByBytes.map(\.bytes) == labels.map(\.bytes).sorted(by: >))
        let pairs = Dictionary(grouping: all.flatMap(\.labels)) { $0 }.mapValues(\.count)
        #expect(report.pairs.map(\.series) == Array(pairs.values.sorted(by: >).prefix(5)))
        for pair in report.pairs { #expect(pairs[Label(pair.name, pair.value)] == pair.series) }
    }

    @Test func lateSamplesAreCountedAndTheExtentIsThatOfTheSamples() throws {
        let folder = try TemporaryFolder()
        let store = try EmbeddedStore(dataFolder: folder.path)
        #expect(store.headExtent.from == nil && store.headExtent.through == nil && store.headExtent.columns == 0)
        let id = store.id(for: LabelSet(["__name__": "m"]))
        let start = 7_200_000 * Int64(100)
        for (offset, time) in [start + 5000, start + 1000, start + 2000, start + 2000, start + 9000, start - 1]
            .enumerated()
        {
            _ = store.append(
                [id], timestamps: [time], values: [1], events: [], offset: Int64(offset + 1), arrivedAt: 0,
                isReplay: false)
        }
        _ = store.append(
            [id], timestamps: [start + 2000], values: [2], events: [], offset: 7, arrivedAt: 0, isReplay: false)
        // The second 2000 repeats the first, the third replaces it; what goes into another window is not behind a newer one
        // of its own.
        #expect(store.statistics.counts.lateSamples == 2)
        let extent = store.headExtent
        #expect(extent.from == start - 7_200_000)
        #expect(extent.through == start + 9000)
        #expect(extent.columns == 2)
    }
}
