import AlertRules
import TelemetryModel
import Testing

@testable import Alerting

struct NotificationOutboxTests {
    static func alert(_ source: String, endsAt: Int64? = nil) throws -> NotifiedAlert {
        let text = "groups: [{name: g, rules: [{alert: A, expr: up}]}]"
        guard case .alerting(let rule) = try RuleFile.parse(text, path: "f").groups[0].rules[0] else {
            throw CancellationError()
        }
        var state = AlertRuleState()
        let sample = RuleSample(LabelSet(["source_id": source]), 1)
        let transition = try state.evaluate(rule, at: 0, samples: [sample], limit: 0, repeatMilliseconds: 1)
        return NotifiedAlert(transition.active[0], endsAt: endsAt, generatorURL: "")
    }

    static func notification(
        _ name: String = "A", firing: [String] = [], resolved: [String] = []
    ) throws -> AlertNotification {
        AlertNotification(
            topic: .init(file: "f", group: "g", alertName: name),
            firing: try firing.map { try alert($0) }, resolved: try resolved.map { try alert($0, endsAt: 5) })
    }

    func sources(_ alerts: [NotifiedAlert]) -> [String] { alerts.compactMap { $0.labels["source_id"] } }

    @Test func laterNotificationTakesThePlaceAndKeepsWhatResolved() throws {
        var outbox = NotificationOutbox()
        #expect(
            !outbox.add(try Self.notification(firing: ["a"], resolved: ["b", "c"]), for: "r", now: 1, limit: 9)
                .superseded)
        let (entry, superseded) = outbox.add(
            try Self.notification(firing: ["c"], resolved: ["a"]), for: "r", now: 2, limit: 9)
        #expect(superseded && outbox.entries.count == 1)
        #expect(sources(entry.notification.firing) == ["c"])
        #expect(sources(entry.notification.resolved) == ["a", "b"], "c fires again, b was never told")
        #expect(entry.queuedAt == 1)
    }

    @Test func deliveryOfTheOlderLeavesTheNewer() throws {
        var outbox = NotificationOutbox()
        let first = outbox.add(try Self.notification(resolved: ["a"]), for: "r", now: 1, limit: 9).entry
        _ = outbox.add(try Self.notification(firing: ["b"]), for: "r", now: 2, limit: 9)
        let remaining = outbox.delivered(first)
        let left = try #require(remaining)
        #expect(sources(left.notification.firing) == ["b"] && left.notification.resolved.isEmpty)
        let nothing = outbox.delivered(left)
        #expect(nothing == nil)
        #expect(outbox.next(for: "r", now: 9) == .nothing)
    }

    @Test func tooManyAlertsAreCounted() throws {
        var outbox = NotificationOutbox()
        let entry = outbox.add(
            try Self.notification(firing: ["a", "b", "c"], resolved: ["d", "e"]), for: "r", now: 1, limit: 4
        ).entry
        #expect(sources(entry.notification.firing) == ["a", "b", "c"] && sources(entry.notification.resolved) == ["d"])
        #expect(entry.notification.truncated == 1)
    }

    @Test func receiverThatIsDownHoldsAllItsNotifications() throws {
        var outbox = NotificationOutbox()
        var backoff = DeliveryBackoff()
        backoff.longestMilliseconds = 4000
        let entry = outbox.add(try Self.notification("A", firing: ["a"]), for: "r", now: 0, limit: 9).entry
        _ = outbox.add(try Self.notification("B", firing: ["a"]), for: "r", now: 1, limit: 9)
        _ = outbox.add(try Self.notification("A", firing: ["a"]), for: "other", now: 1, limit: 9)
        #expect(outbox.next(for: "r", now: 1) == .deliver(entry), "the oldest first")

        var waits: [Int64] = []
        for _ in 0..<5 {
            guard case .deliver(let due) = outbox.next(for: "r", now: 0) else {
                Issue.record("expected a delivery")
                return
            }
            _ = outbox.failed(due, .unreachable(reason: "down"), now: 0, backoff: backoff)
            guard case .waitUntil(let time) = outbox.next(for: "r", now: 0) else {
                Issue.record("expected a wait")
                return
            }
            waits.append(time)
            outbox = NotificationOutboxTests.clearingWait(outbox, due)
        }
        #expect(waits.allSatisfy { $0 > 0 && $0 <= 4000 })
        guard case .deliver = outbox.next(for: "other", now: 1) else {
            Issue.record("another receiver is not held up")
            return
        }
    }

    /// Lets the receiver answer once and queues the entry again.
    static func clearingWait(_ outbox: NotificationOutbox, _ entry: NotificationOutbox.Entry) -> NotificationOutbox {
        var outbox = outbox
        _ = outbox.delivered(entry)
        _ = outbox.add(entry.notification, for: entry.key.receiver, now: 0, limit: 9)
        return outbox
    }

    @Test func backoffDoublesUpToItsLimit() {
        let backoff = DeliveryBackoff()
        let waits = (1...12).map { backoff.milliseconds(afterFailures: $0, salt: "r") }
        for (index, wait) in waits.enumerated() {
            let full = min(Int64(1000) << index, 300_000)
            #expect(wait <= full && wait >= full * 3 / 4, "failure \(index + 1): \(wait)")
        }
        #expect(backoff.milliseconds(afterFailures: .max, salt: "r") <= 300_000)
    }

    @Test func refusedNotificationHoldsOnlyItself() throws {
        var outbox = NotificationOutbox()
        let refused = outbox.add(try Self.notification("A", firing: ["a"]), for: "r", now: 0, limit: 9).entry
        let other = outbox.add(try Self.notification("B", firing: ["a"]), for: "r", now: 1, limit: 9).entry
        _ = outbox.failed(refused, .refused(status: 400, retryAfterSeconds: nil), now: 1, backoff: DeliveryBackoff())
        #expect(outbox.next(for: "r", now: 1) == .deliver(other))
        _ = outbox.delivered(other)
        guard case .waitUntil(let time) = outbox.next(for: "r", now: 1) else {
            Issue.record("expected a wait")
            return
        }
        #expect(time > 1 && time <= 1001)
        let renewed = outbox.add(try Self.notification("A", firing: ["a", "b"]), for: "r", now: 2, limit: 9).entry
        #expect(outbox.next(for: "r", now: 2) == .deliver(renewed), "a newer notification is tried at once")
    }

    @Test func retryAfterIsObeyed() throws {
        var outbox = NotificationOutbox()
        let entry = outbox.add(try Self.notification(firing: ["a"]), for: "r", now: 0, limit: 9).entry
        _ = outbox.failed(entry, .refused(status: 503, retryAfterSeconds: 120), now: 10, backoff: DeliveryBackoff())
        #expect(outbox.next(for: "r", now: 10) == .waitUntil(120_010))
    }
}
