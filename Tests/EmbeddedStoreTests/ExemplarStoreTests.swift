import Foundation
import LabelPattern
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Exemplars in memory and in their database, over restarts, deletes and limits.
@Suite struct ExemplarStoreTests {
    private let folder: TemporaryFolder
    private static let now: Int64 = 1_767_225_600_000
    private static let a = LabelSet(["__name__": "a_bucket", "le": "1.0", "job": "x"])
    private static let b = LabelSet(["__name__": "b_total", "job": "x"])

    init() throws { folder = try TemporaryFolder() }

    private func open(_ change: (inout ExemplarLimits) -> Void = { _ in }) throws -> EmbeddedStore {
        var limits = ExemplarLimits()
        change(&limits)
        return try EmbeddedStore(dataFolder: folder.path, exemplars: limits)
    }

    private static func exemplar(_ value: Double, _ time: Int64, trace: String = "t") -> Exemplar {
        Exemplar(labels: LabelSet(["trace_id": trace]), value: value, timestamp: now + time)
    }

    private func append(
        _ store: EmbeddedStore, _ series: LabelSet, _ exemplars: [Exemplar], offset: Int64, isReplay: Bool = false
    ) {
        let id = store.id(for: series)
        store.append(exemplars: exemplars.map { (id, $0) }, offset: offset, isReplay: isReplay)
    }

    private func read(
        _ store: EmbeddedStore, _ matchers: [LabelMatcher] = [], in range: TimeRange = .all
    ) throws -> [LabelSet: [Exemplar]] {
        let found = try store.exemplars([matchers], in: range, budget: QueryBudget())
        #expect(found.map(\.labels) == found.map(\.labels).sorted())
        for series in found {
            #expect(series.exemplars.map(\.timestamp) == series.exemplars.map(\.timestamp).sorted())
        }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.labels, $0.exemplars) })
    }

    @Test func memoryAndDatabaseAreReadAsOneAndNothingIsThereTwice() throws {
        let store = try open()
        let first = Self.exemplar(1, 10)
        // In any order; the same one twice, also in another request, is one.
        append(store, Self.a, [Self.exemplar(2, 20), first, first, Self.exemplar(.nan, 5)], offset: 1)
        append(store, Self.a, [Self.exemplar(.nan, 5)], offset: 2)
        #expect(try read(store)[Self.a]?.map(\.timestamp) == [5, 10, 20].map { Self.now + $0 })
        #expect(store.exemplarCounts.taken == 3 && store.exemplarCounts.duplicates == 2)
        #expect(store.safeOffset(applied: 2) == 0, "the log is needed for them")
        try store.writeExemplars()
        #expect(store.safeOffset(applied: 2) == 2)
        #expect(store.exemplarCounts.inMemory == 0 && store.exemplarCounts.inDatabase == 3)
        // Against what is in the database: the same are known, those that differ in anything are new.
        append(store, Self.a, [first, Self.exemplar(.nan, 5), Self.exemplar(1, 10, trace: "u")], offset: 3)
        append(store, Self.b, [first], offset: 4)
        #expect(try read(store)[Self.a]?.count == 4 && read(store)[Self.b] == [first])
        try store.writeExemplars()
        #expect(try read(store)[Self.a]?.count == 4 && read(store)[Self.b] == [first])
        #expect(store.exemplarCounts.duplicates == 4 && store.exemplarCounts.series == 2)
    }

    @Test func matchersAndTheRangeSelect() throws {
        let store = try open()
        append(store, Self.a, [Self.exemplar(1, 10), Self.exemplar(2, 20)], offset: 1)
        for isWritten in [false, true] {
            if isWritten { try store.writeExemplars() }
            append(store, Self.b, [Self.exemplar(3, 30)], offset: isWritten ? 3 : 2)
            func names(_ matchers: LabelMatcher...) throws -> Set<String> {
                Set(try read(store, matchers).keys.compactMap(\.metricName))
            }
            #expect(try names(LabelMatcher("job", .equal("x"))) == ["a_bucket", "b_total"])
            #expect(try names(LabelMatcher("__name__", .equal("b_total"))) == ["b_total"])
            #expect(try names(LabelMatcher("__name__", .matches(try LabelPattern("a.*")))) == ["a_bucket"])
            #expect(try names(LabelMatcher("le", .equal(""))) == ["b_total"])
            #expect(try names(LabelMatcher("__name__", .equal("a_bucket")), LabelMatcher("le", .notEqual("1.0"))) == [])
            let range = TimeRange(from: Self.now + 20, through: Self.now + 20)
            #expect(try read(store, in: range) == [Self.a: [Self.exemplar(2, 20)]])
        }
        // A series that two lists select is there once.
        let both = [[LabelMatcher("job", .equal("x"))], [LabelMatcher("le", .equal("1.0"))]]
        #expect(try store.exemplars(both, in: .all, budget: QueryBudget()).count == 2)
        #expect(throws: QueryLimitError.self) {
            _ = try store.exemplars([[]], in: .all, budget: QueryBudget(samples: 1))
        }
        #expect(throws: QueryLimitError.self) {
            _ = try store.exemplars([[]], in: .all, budget: QueryBudget(series: 1))
        }
    }

    /// A kill after the database was written and before the log was trimmed, or before anything was written.
    @Test func aReplayBringsEachExactlyOnce() throws {
        var store: EmbeddedStore? = try open()
        func send(_ store: EmbeddedStore, _ offsets: ClosedRange<Int64>, isReplay: Bool) {
            for offset in offsets {
                append(
                    store, Self.a, [Self.exemplar(Double(offset), offset * 10)], offset: offset, isReplay: isReplay)
            }
        }
        if let store { send(store, 1...3, isReplay: false) }
        try store?.writeExemplars()
        if let store { send(store, 4...5, isReplay: false) }
        store = nil
        let again = try open()
        #expect(again.newestBlockOffset == 3, "the log must go on behind what the database has")
        #expect(try read(again)[Self.a]?.map(\.value) == [1, 2, 3])
        send(again, 1...5, isReplay: true)
        #expect(again.exemplarCounts.taken == 2 && again.exemplarCounts.duplicates == 0)
        #expect(try read(again)[Self.a]?.map(\.value) == [1, 2, 3, 4, 5])
        try again.writeExemplars()
        #expect(try read(again)[Self.a]?.map(\.value) == [1, 2, 3, 4, 5])
    }

    // MARK: Deletes

    private func delete(_ store: EmbeddedStore, _ series: LabelSet, through offset: Int64) throws {
        let matchers = series.labels.map { LabelMatcher($0.name, .equal($0.value)) }
        _ = try store.delete(
            matchers, in: TimeRange(from: .min, through: Self.now + 100), now: Self.now
        ) { try $0(offset) }
    }

    @Test func deletingASeriesDeletesItsExemplars() throws {
        let store = try open()
        append(store, Self.a, [Self.exemplar(1, 10), Self.exemplar(9, 200)], offset: 1)
        append(store, Self.b, [Self.exemplar(2, 10)], offset: 2)
        try store.writeExemplars()
        append(store, Self.a, [Self.exemplar(3, 30)], offset: 3)
        try delete(store, Self.a, through: 3)
        let left = [Self.a: [Self.exemplar(9, 200)], Self.b: [Self.exemplar(2, 10)]]
        #expect(try read(store) == left, "hidden at once")
        // What comes later stays, whether it is written before the delete is carried out in the file or with it.
        append(store, Self.a, [Self.exemplar(4, 40)], offset: 4)
        let later = [Self.a: [Self.exemplar(4, 40), Self.exemplar(9, 200)], Self.b: [Self.exemplar(2, 10)]]
        #expect(try read(store) == later)
        try store.writeExemplars()
        #expect(try read(store) == later)
        #expect(store.exemplarCounts.deleted == 2 && store.exemplarCounts.inDatabase == 3)
    }

    /// A kill right after the delete was answered: it is carried out at the next start, and a replay brings nothing back.
    @Test func aDeleteOutlivesAKill() throws {
        var store: EmbeddedStore? = try open()
        if let store {
            append(store, Self.a, [Self.exemplar(1, 10)], offset: 1)
            try store.writeExemplars()
            append(store, Self.a, [Self.exemplar(2, 20)], offset: 2)
            try delete(store, Self.a, through: 2)
            append(store, Self.a, [Self.exemplar(3, 30)], offset: 3)
        }
        store = nil
        let again = try open()
        #expect(try read(again) == [:])
        for offset in 1...3 as ClosedRange<Int64> {
            append(again, Self.a, [Self.exemplar(Double(offset), offset * 10)], offset: offset, isReplay: true)
        }
        #expect(try read(again) == [Self.a: [Self.exemplar(3, 30)]])
        try again.writeExemplars()
        #expect(try read(again) == [Self.a: [Self.exemplar(3, 30)]])
    }

    // MARK: Limits

    @Test func theOldestGoBeyondTheLimits() throws {
        let store = try open { limits in
            limits.most = 10
            limits.mostPerSeries = 6
        }
        append(store, Self.a, (0..<20).reversed().map { Self.exemplar(Double($0), Int64($0)) }, offset: 1)
        try store.writeExemplars()
        #expect(try read(store)[Self.a]?.map(\.value) == [14, 15, 16, 17, 18, 19])
        append(store, Self.b, (0..<6).map { Self.exemplar(Double($0), 15 + Int64($0)) }, offset: 2)
        try store.writeExemplars()
        #expect(store.exemplarCounts.inDatabase == 10 && store.exemplarCounts.evicted == 16)
        #expect(try read(store)[Self.a]?.map(\.value) == [16, 17, 18, 19])
    }

    @Test func oldOnesGoAndSeriesOfWhichNothingIsLeft() throws {
        let store = try open { $0.retention = 1000 }
        append(store, Self.a, [Self.exemplar(1, 0)], offset: 1)
        append(store, Self.b, [Self.exemplar(2, 0), Self.exemplar(3, 2000)], offset: 2)
        try store.writeExemplars()
        try store.expireExemplars(now: Self.now + 2500)
        #expect(try read(store) == [Self.b: [Self.exemplar(3, 2000)]])
        #expect(store.exemplarCounts.expired == 2 && store.exemplarCounts.series == 1)
        append(store, Self.a, [Self.exemplar(4, 3000)], offset: 3)
        try store.writeExemplars()
        #expect(try read(store)[Self.a] == [Self.exemplar(4, 3000)])
    }

    /// As on a full disk: the samples that are past their retention are what makes room.
    @Test func samplesGoThoughExemplarsCannot() throws {
        let store = try open { $0.retention = 1000 }
        append(store, Self.a, [Self.exemplar(1, 0)], offset: 1)
        try store.writeExemplars()
        try store.exemplars.close()
        #expect(throws: (any Error).self) { try store.expireExemplars(now: Self.now + 2500) }
        #expect(throws: Never.self) { try store.sweepRetention(now: Self.now + 2500) }
    }

    @Test func memoryIsBoundedAndNoneAreKeptIfNoneAreWanted() throws {
        let store = try open { limits in
            limits.mostInMemory = 5
            limits.writtenAt = 4
        }
        append(store, Self.a, (0..<3).map { Self.exemplar(1, Int64($0)) }, offset: 1)
        #expect(!store.hasManyExemplars)
        append(store, Self.a, (3..<9).map { Self.exemplar(1, Int64($0)) }, offset: 2)
        #expect(store.hasManyExemplars && store.exemplarCounts.inMemory == 5)
        #expect(store.exemplarCounts.droppedForRoom == 4)
        let none = try EmbeddedStore(
            dataFolder: try TemporaryFolder().path,
            exemplars: {
                var limits = ExemplarLimits()
                limits.most = 0
                return limits
            }())
        append(none, Self.a, [Self.exemplar(1, 0)], offset: 1)
        #expect(none.exemplarCounts.droppedForRoom == 1 && none.exemplarCounts.inMemory == 0)
    }

    // MARK: Damage

    @Test func aDamagedFileIsSetAsideAndTheLogBringsBackWhatItHas() throws {
        var store: EmbeddedStore? = try open()
        if let store { append(store, Self.a, [Self.exemplar(1, 10)], offset: 1) }
        try store?.writeExemplars()
        try store?.exemplars.close()
        store = nil
        let path = "\(folder.path)/\(ExemplarDatabase.fileName)"
        try Data(repeating: 0x5A, count: 40_000).write(to: URL(fileURLWithPath: path))
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        let again = try open()
        #expect(again.takeExemplarDamages().count == 1)
        #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
        append(again, Self.a, [Self.exemplar(1, 10)], offset: 1, isReplay: true)
        #expect(try read(again) == [Self.a: [Self.exemplar(1, 10)]])
    }

    /// Pages that go bad while the server runs must not keep the log from being trimmed.
    @Test func aFileThatGoesBadIsBegunAnew() throws {
        var store = try open()
        append(store, Self.a, (0..<2000).map { Self.exemplar(1, Int64($0)) }, offset: 1)
        try store.writeExemplars()
        try store.exemplars.close()
        let path = "\(folder.path)/\(ExemplarDatabase.fileName)"
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let size = try file.seekToEnd()
        // All but the schema and the table of series.
        for page in 9..<(size / 4096) {
            try file.seek(toOffset: page * 4096)
            try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
        }
        try file.close()
        store = try open()
        append(store, Self.a, (0..<2000).map { Self.exemplar(2, Int64($0)) }, offset: 2)
        try store.writeExemplars()
        #expect(store.takeExemplarDamages().count == 1)
        #expect(store.safeOffset(applied: 2) == 2)
        #expect(try read(store)[Self.a]?.count == 2000)
    }
}
