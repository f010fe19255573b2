import Foundation
import LabelPattern
import Synchronization
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Compaction, retention and damage, through the store as a whole.
@Suite struct StoreMaintenanceTests {
    private static let day: Int64 = 86_400_000
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func labels(_ number: Int) -> LabelSet { LabelSet(["__name__": "m", "source_id": "s\(number)"]) }

    /// Appends one sample a minute of every series for some days from day 0, and flushes them as time goes by.
    ///
    /// - Parameter value: of a series' number and a time.
    private func fill(
        _ store: EmbeddedStore, days: Int, series: Int,
        value: (Int, Int64) -> Double = { Double($1 / 60_000) + Double($0) / 4 }
    ) throws {
        let ids = (0..<series).map { store.id(for: StoreMaintenanceTests.labels($0)) }
        var offset: Int64 = 0
        for hour in 0..<Int64(days * 24) {
            offset += 1
            let times = (0..<60).map { hour * 3_600_000 + $0 * 60_000 }
            for (number, id) in ids.enumerated() {
                _ = store.append(
                    times.map { _ in id }, timestamps: times, values: times.map { value(number, $0) }, events: [],
                    offset: offset, arrivedAt: times[59], isReplay: false)
            }
            if store.detach(dueAt: times[59], policy: .init(), through: offset) {
                _ = try store.writeDetached(now: times[59]) {}
            }
        }
        if store.detachAll(through: offset) { _ = try store.writeDetached(now: offset * 3_600_000) {} }
    }

    private func select(_ store: EmbeddedStore, windows: WindowGrid? = nil) throws -> [SelectedSeries] {
        try store.select(SeriesSelection(matchers: [], range: .all, windows: windows), budget: QueryBudget())
    }

    @Test func daysBecomeOneBlockEachAndKeepEverySample() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        try fill(store, days: 3, series: 2)
        let before = try select(store)
        let blocks = store.statistics.blocks
        var merges = 0
        while let report = try store.compactNext(now: 4 * StoreMaintenanceTests.day) {
            merges += 1
            #expect(report.duplicates == 0 && report.samples == 2 * 1440)
        }
        #expect(merges == 3)
        #expect(store.statistics.blocks == 3 && blocks > 3)
        for (series, expected) in zip(try select(store), before) {
            #expect(series.labels == expected.labels)
            #expect(expected.samples.firstDifference(from: series.samples) == nil)
        }
        let again = try EmbeddedStore(dataFolder: folder.path)
        #expect(again.statistics.blocks == 3)
        #expect(try select(again).map(\.samples.count) == [3 * 1440, 3 * 1440])
    }

    @Test func aCancelledMergeChangesNothing() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        try fill(store, days: 1, series: 2)
        let blocks = store.statistics.blocks
        #expect(throws: CancellationError.self) {
            try store.compactNext(now: 4 * StoreMaintenanceTests.day, isCancelled: { true })
        }
        #expect(store.statistics.blocks == blocks)
        #expect(try select(store).map(\.samples.count) == [1440, 1440])
    }

    @Test func whatIsPastItsRetentionIsSummedUpAndStaysSo() throws {
        let day = StoreMaintenanceTests.day
        let retention = StoreRetention(
            samples: Retention(rules: [Retention.Rule(matchers: [], duration: day)]),
            fiveMinutes: Retention(rules: [Retention.Rule(matchers: [], duration: 30 * day)]))
        var store = try EmbeddedStore(dataFolder: folder.path, retention: retention)
        try fill(store, days: 3, series: 2)
        while try store.compactNext(now: 4 * day) != nil {}
        let report = try store.sweepRetention(now: 3 * day + day / 2)
        #expect(report.removedBlocks.count == 2 && report.writtenRollups.count == 2)
        for _ in 0..<2 {
            // One day of samples, and the last value of every five minutes of the two days before.
            let found = try select(store)
            #expect(found.map(\.labels) == [StoreMaintenanceTests.labels(0), StoreMaintenanceTests.labels(1)])
            #expect(found[0].samples.timestamps.count { $0 >= 2 * day } == 1440)
            let sums = try select(
                store, windows: WindowGrid(firstEnd: 2 * day - 60_000, step: 0, count: 1, length: 2 * day))
            let summed = sums[0].summaries.filter { $0.lastTimestamp <= 2 * day }
            #expect(summed.reduce(0) { $0 + $1.count } == 2 * 1440)
            #expect(summed.reduce(0) { $0 + $1.sum } == Double(2 * 1440 * (2 * 1440 - 1) / 2))
            store = try EmbeddedStore(dataFolder: folder.path, retention: retention)
        }
        let later = try store.sweepRetention(now: 40 * day)
        #expect(later.removedBlocks.count == 1)
        #expect(try store.sweepRetention(now: 40 * day).isEmpty)
    }

    @Test func aSeriesThatCannotBeReadCostsNoOther() throws {
        let day = StoreMaintenanceTests.day
        var store = try EmbeddedStore(dataFolder: folder.path)
        // Values that do not compress, so that nearly all of the file is chunks.
        let value = { (number: Int, time: Int64) -> Double in
            var generator = SeededGenerator(seed: UInt64(number) << 32 + UInt64(time / 60_000))
            return Double.random(in: 0..<1, using: &generator)
        }
        try fill(store, days: 1, series: 40, value: value)
        while try store.compactNext(now: 4 * day) != nil {}
        let name = try #require(store.state.withLock { $0.blocks.first?.name.fileName })
        let path = "\(folder.path)/blocks/\(name)"
        // A bit of some chunk: the file is mostly chunks.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 4
        try bytes.write(to: URL(fileURLWithPath: path))
        store = try EmbeddedStore(dataFolder: folder.path)
        let told = Told()
        store.onDamage { report in told.reports.withLock { $0.append(report) } }
        let found = try select(store)
        let reports = told.reports.withLock { $0 }
        #expect(reports.map(\.file) == [name])
        #expect(reports.first?.samples == 40 * 1440)
        let lost = reports.first?.lostSamples ?? 0
        #expect(lost > 0 && lost <= 2 * 1440)
        #expect(found.reduce(0) { $0 + $1.samples.count } == 40 * 1440 - lost)
        #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
        for series in found {
            let number = Int(series.labels["source_id"]?.dropFirst() ?? "") ?? -1
            #expect(series.samples.values == series.samples.timestamps.map { value(number, $0) })
        }
        // The next start serves the same, without a word.
        let again = try EmbeddedStore(dataFolder: folder.path)
        #expect(again.damagedBlocks.isEmpty)
        #expect(try select(again).count == found.count)
    }
}

private final class Told: Sendable {
    let reports = Mutex<[DamagedBlockReport]>([])
}
