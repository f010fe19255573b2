import EmbeddedStore
import FaultDisk
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

/// Clocks that go back: those of the producers, and the node's own.
@Suite struct ClockTests {
    let disks: Disks

    init() throws { disks = try Disks() }

    @Test func arrivalTimesMayDecrease() async throws {
        var generator = SeededGenerator.seeded("arrivalTimesMayDecrease")
        for round in 0..<faultRounds {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            let node = try Node(disk.folder, files: disk.files)
            var now: Int64 = 1_700_000_000_000
            for _ in 0..<20 {
                // Mostly back, sometimes by days, sometimes before 1970.
                now -= Int64.random(in: -100_000...10_000_000, using: &generator)
                if generator.next() % 10 == 0 { now = Int64.random(in: -1_000_000...1_000_000, using: &generator) }
                try await workload.append(to: node, arrivedAt: now)
                if generator.next() % 4 == 0 { await node.flush() }
            }
            try await workload.verify(node, "round \(round)")
            try node.stop()
            try await workload.recover(on: disk, "round \(round)")
        }
    }

    private struct Batch {
        let offset: Int64
        let times: [Int64]
        let values: [Double]

        func append(to store: EmbeddedStore, arrivedAt: Int64, isReplay: Bool) {
            let id = store.id(for: LabelSet(["__name__": "m", "source_id": "s"]))
            _ = store.append(
                times.map { _ in id }, timestamps: times, values: values, events: [], offset: offset,
                arrivedAt: arrivedAt, isReplay: isReplay)
        }
    }

    /// Windows leave the head, and are cut into days, by the time of the flush, which may be earlier than that of the flush
    /// before. After a kill, what the log still has is replayed.
    @Test func flushesMayBeAskedForAtEarlierTimes() throws {
        var generator = SeededGenerator.seeded("flushesMayBeAskedForAtEarlierTimes")
        let day: Int64 = 86_400_000
        for round in 0..<faultRounds {
            let disk = try disks.disk(seed: generator.next())
            var store = try EmbeddedStore(dataFolder: disk.folder, files: disk.files)
            var expected: [Int64: Double] = [:]
            var log: [Batch] = []
            for offset in Int64(1)...25 {
                let times = (0..<10).map { _ in Int64.random(in: 0...8, using: &generator) * day / 4 + offset }
                let values = times.map { _ in Double(Int.random(in: 0...9, using: &generator)) }
                for (time, value) in zip(times, values) { expected[time] = value }
                log.append(Batch(offset: offset, times: times, values: values))
                let now = Int64.random(in: -1...8, using: &generator) * day / 2
                log[log.count - 1].append(to: store, arrivedAt: now, isReplay: false)
                if store.detach(dueAt: now, policy: .init(), through: offset) {
                    struct Refusal: Error {}
                    var flushedAt = now
                    while generator.next() % 3 == 0 {
                        // It fails, and is tried again at another time, later or earlier.
                        #expect(throws: Refusal.self) { try store.writeDetached(now: flushedAt) { throw Refusal() } }
                        flushedAt = Int64.random(in: -1...8, using: &generator) * day / 2
                    }
                    _ = try store.writeDetached(now: flushedAt) {}
                    let safe = store.safeOffset(applied: offset)
                    log.removeAll { $0.offset <= safe }
                }
                if generator.next() % 4 == 0 {
                    store = try EmbeddedStore(dataFolder: disk.folder, files: disk.files)
                    for batch in log { batch.append(to: store, arrivedAt: now, isReplay: true) }
                }
                #expect(try all(store) == expected, "round \(round), offset \(offset)")
            }
        }
    }

    /// A block of a whole day says that it has all of the day's windows: it must not be cut while one is still in the head,
    /// not even if the flush was begun on that day and succeeds days later.
    @Test func aFlushThatSucceedsDaysLaterClaimsNoWindowOfTheHead() throws {
        let disk = try disks.disk(seed: 1)
        let hour: Int64 = 3_600_000
        var store = try EmbeddedStore(dataFolder: disk.folder, files: disk.files)
        let batches = [
            Batch(offset: 1, times: [0], values: [1]), Batch(offset: 2, times: [20 * hour], values: [2]),
        ]
        for batch in batches { batch.append(to: store, arrivedAt: 9 * hour, isReplay: false) }
        #expect(store.detach(dueAt: 10 * hour, policy: .init(), through: 2))
        struct Refusal: Error {}
        #expect(throws: Refusal.self) { try store.writeDetached(now: 10 * hour) { throw Refusal() } }
        _ = try store.writeDetached(now: 100 * hour) {}
        #expect(try all(store) == [0: 1, 20 * hour: 2])
        #expect(store.safeOffset(applied: 2) < 2)

        store = try EmbeddedStore(dataFolder: disk.folder, files: disk.files)
        batches[1].append(to: store, arrivedAt: 10 * hour, isReplay: true)
        #expect(try all(store) == [0: 1, 20 * hour: 2])
    }

    private func all(_ store: EmbeddedStore) throws -> [Int64: Double] {
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        return Dictionary(uniqueKeysWithValues: found.flatMap { zip($0.samples.timestamps, $0.samples.values) })
    }
}
