import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Events that share a sample.
@Suite struct RecentEventsTests {
    private func event(_ message: String?, at timestamp: Int64 = 1_700_000_000_000) -> OperationalEvent {
        OperationalEvent(timestamp: timestamp, labels: LabelSet(["__name__": "m"]), value: 1, message: message)
    }

    @Test func anEventIsKnownBySeriesTimeAndMessage() {
        var events = RecentEvents()
        events.append(event("a"))
        #expect(events.contains(event("a")))
        #expect(!events.contains(event("b")) && !events.contains(event(nil)) && !events.contains(event("a", at: 1)))
        events.append(event("b", at: 1))
        events.removeAll { $0.timestamp == 1 }
        #expect(events.contains(event("a")) && !events.contains(event("b", at: 1)) && events.list.count == 1)
    }

    @Test func severalEventsShareASample() throws {
        let folder = try TemporaryFolder()
        let store = try EmbeddedStore(dataFolder: folder.path)
        let id = store.id(for: LabelSet(["__name__": "m"]))
        func append(_ messages: [String], offset: Int64) -> [Int] {
            store.append(
                Array(repeating: id, count: messages.count),
                timestamps: Array(repeating: 1_700_000_000_000, count: messages.count),
                values: Array(repeating: 2, count: messages.count),
                events: messages.enumerated().map { ($0.offset, event($0.element)) }, offset: offset, arrivedAt: 0,
                isReplay: false)
        }
        #expect(append(["a", "b", "a"], offset: 1) == [2], "a record that says the same is a duplicate")
        #expect(append(["b", "c"], offset: 2) == [0], "one of a later request with another message is none")
        let selection = EventSelection(
            range: TimeRange(from: 0, through: 2_000_000_000_000),
            limit: 10)
        let found = try store.events(selection, budget: QueryBudget())
        #expect(Set(found.compactMap(\.message)) == ["a", "b", "c"] && found.count == 3)
    }
}
