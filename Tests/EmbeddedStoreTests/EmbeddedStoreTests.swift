import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

@Suite struct EmbeddedStoreTests {
    let folder: TemporaryFolder
    let labels = LabelSet(["__name__": "m", "source_id": "a", "severity": "error"])

    init() throws { folder = try TemporaryFolder() }

    private func append(
        _ store: EmbeddedStore, _ samples: [(Int64, Double)], offset: Int64, arrivedAt: Int64 = 0,
        isReplay: Bool = false, message: (Int64) -> String = { "at \($0)" }
    ) -> [Int] {
        let id = store.id(for: labels)
        let events = samples.enumerated().map { index, sample in
            (
                index: index,
                event: OperationalEvent(
                    timestamp: sample.0, labels: labels, value: sample.1, message: message(sample.0))
            )
        }
        return store.append(
            samples.map { _ in id }, timestamps: samples.map(\.0), values: samples.map(\.1), events: events,
            offset: offset, arrivedAt: arrivedAt, isReplay: isReplay)
    }

    private func all(_ store: EmbeddedStore) throws -> [Int64: Double] {
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        return Dictionary(
            uniqueKeysWithValues: found.flatMap { zip($0.samples.timestamps, $0.samples.values) })
    }

    @Test func duplicatesAreReportedAndTheLaterValueWins() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        #expect(append(store, [(10, 1), (20, 2), (30, 3)], offset: 1) == [])
        #expect(append(store, [(20, 2), (25, 5), (10, 9)], offset: 2) == [0, 2])
        #expect(try all(store) == [10: 9, 20: 2, 25: 5, 30: 3])
        #expect(store.statistics.counts.replacedValues == 1)
    }

    @Test func insertsFarOutOfOrderIntoSealedChunks() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        var expected: [Int64: Double] = [:]
        let times = (0..<2000).map { Int64($0 * 1000) }
        _ = append(store, times.map { ($0, Double($0)) }, offset: 1)
        for time in times { expected[time] = Double(time) }
        let late = times.map { ($0 + 500, -1.0) }.shuffled()
        #expect(append(store, late, offset: 2) == [])
        for (time, value) in late { expected[time] = value }
        #expect(append(store, late.reversed(), offset: 3).count == late.count)
        #expect(try all(store) == expected)
    }

    @Test func aBlockSurvivesReopeningAndReplayDoesNotDoubleIt() throws {
        let day: Int64 = 86_400_000
        let samples = (0..<500).map { (Int64($0) * 15_000, Double($0)) }
        let store = try EmbeddedStore(dataFolder: folder.path)
        _ = append(store, samples, offset: 1)
        #expect(store.detach(dueAt: 10 * day, policy: .init(), through: 1))
        let report = try store.writeDetached(now: 10 * day) {}
        #expect(report.samples == 500)
        #expect(store.safeOffset(applied: 1) == 1)

        let again = try EmbeddedStore(dataFolder: folder.path)
        #expect(append(again, samples, offset: 1, isReplay: true) == [])
        #expect(again.statistics.counts.headSamples == 0)
        #expect(try all(again).count == 500)
        let events = try again.events(EventSelection(range: .all, limit: 1000), budget: QueryBudget())
        #expect(events.count == 500)
        #expect(events.first?.message == "at \(499 * 15_000)")
    }

    @Test func oldSamplesInPlentyDoNotWaitForMore() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        let (hour, now): (Int64, Int64) = (3_600_000, 1_760_000_400_000)
        // A day of them that comes within a minute, and the two hours that go on.
        let times = stride(from: now - 24 * hour, to: now, by: 5000)
        _ = append(store, times.map { ($0, Double($0 % 7919)) }, offset: 1, arrivedAt: now - 60_000)
        let windows = store.statistics.headWindows
        var policy = EmbeddedStore.FlushPolicy()
        #expect(!store.detach(dueAt: now, policy: policy, through: 1))
        policy.maximumBackfillBytes = 10_000
        #expect(store.detach(dueAt: now, policy: policy, through: 1))
        #expect(try store.writeDetached(now: now) {}.windows == windows - 1)
        #expect(store.statistics.headWindows == 1)
        #expect(try all(store).count == Array(times).count)
        // What goes on is not of the past, however much it is.
        policy.maximumBackfillBytes = 0
        #expect(!store.detach(dueAt: now, policy: policy, through: 1))
    }

    @Test func oldEventsInPlentyDoNotWaitEither() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        let now: Int64 = 1_760_000_400_000
        _ = append(
            store, [(0, 1)], offset: 1, arrivedAt: now, message: { _ in String(repeating: "long ", count: 4000) })
        var policy = EmbeddedStore.FlushPolicy()
        #expect(!store.detach(dueAt: now, policy: policy, through: 1))
        policy.maximumBackfillBytes = 10_000
        #expect(store.detach(dueAt: now, policy: policy, through: 1))
    }

    @Test func aDamagedBlockIsSetAsideNamedAndTheRestIsServed() throws {
        let day: Int64 = 86_400_000
        var store = try EmbeddedStore(dataFolder: folder.path)
        _ = append(store, [(0, 1), (5 * day, 2)], offset: 1)
        #expect(store.detach(dueAt: 20 * day, policy: .init(), through: 1))
        #expect(try store.writeDetached(now: 20 * day) {}.blocks == 2)
        let file = "\(folder.path)/blocks/0-\(day)-1.sqlite"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for index in 0..<100 { bytes[index] = 0 }
        try bytes.write(to: URL(fileURLWithPath: file))

        store = try EmbeddedStore(dataFolder: folder.path)
        #expect(store.damagedBlocks.map(\.file) == ["0-\(day)-1.sqlite"])
        #expect(FileManager.default.fileExists(atPath: file + ".damaged"))
        #expect(try all(store) == [5 * day: 2])
    }

    @Test func eventsAreFilteredNewestFirst() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        _ = append(store, [(10, 1), (20, 2), (30, 3)], offset: 1)
        var selection = EventSelection(range: TimeRange(from: 15, through: 100), limit: 1)
        #expect(try store.events(selection, budget: QueryBudget()).map(\.timestamp) == [30])
        selection.text = "AT 20"
        #expect(try store.events(selection, budget: QueryBudget()).map(\.timestamp) == [20])
        selection.minimumSeverity = .critical
        #expect(try store.events(selection, budget: QueryBudget()).isEmpty)
    }

    @Test(arguments: [
        ("0-7200000-5.sqlite", true), ("-7200000-0-1.sqlite", true), ("5-3-1.sqlite", false), ("x-1-2.sqlite", false),
        ("1-2.sqlite", false), ("0-1-2.txt", false), ("-.sqlite", false),
    ])
    func blockNames(_ file: String, isValid: Bool) {
        let name = BlockName(fileName: file)
        #expect((name != nil) == isValid)
        if let name { #expect(name.fileName == file) }
    }

    @Test func aBudgetStopsAQuery() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        _ = append(store, (0..<1000).map { (Int64($0), 0) }, offset: 1)
        #expect {
            try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget(samples: 999))
        } throws: { error in
            if case QueryLimitError.tooManySamples(limit: 999, _) = error { true } else { false }
        }
    }
}
