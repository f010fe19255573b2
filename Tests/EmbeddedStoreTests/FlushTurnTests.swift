import Foundation
import Synchronization
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Windows that leave the head on one thread while another one writes.
@Suite struct FlushTurnTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The same window leaves again and again: much of it, which takes long to be forgotten, and then little, which is quick.
    @Test func nothingIsLostBetweenLeavingAndWriting() async throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        let ids = (0..<Head.shardCount).map { store.id(for: LabelSet(["__name__": "m", "source_id": "s\($0)"])) }
        let rounds = 8
        var policy = EmbeddedStore.FlushPolicy()
        policy.longestStayMilliseconds = 0
        let writer = Task.detached {
            while !Task.isCancelled {
                _ = try store.writeDetached(now: 0) {}
                await Task.yield()
            }
        }
        var generator = SeededGenerator.seeded("nothingIsLostBetweenLeavingAndWriting")
        var sent = 0
        for round in 1...Int64(rounds) {
            for _ in 0..<(round % 2 == 1 ? 20_000 : 1) {
                let time = Int64(sent)
                _ = store.append(
                    ids, timestamps: ids.map { _ in time },
                    values: ids.map { _ in Double(bitPattern: generator.next() >> 2) }, events: [], offset: round,
                    arrivedAt: 0, isReplay: false)
                sent += 1
            }
            #expect(store.detach(dueAt: 1, policy: policy, through: round))
            while store.state.withLock({ $0.leaving != nil }) { await Task.yield() }
            // Were something of it still to be forgotten, the next to leave could be forgotten with it. The last shard is the last
            // that forgets.
            #expect(
                store.head.shards.reversed().allSatisfy { $0.contents.withLock { $0.leaving.isEmpty } },
                "round \(round)")
        }
        writer.cancel()
        try await writer.value
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        #expect(found.count == ids.count)
        #expect(found.map(\.samples.count) == Array(repeating: sent, count: ids.count))
    }
}
