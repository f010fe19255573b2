/// Notifications that wait for delivery: at most one per receiver and topic, so the queue is bounded by the rules. A value;
/// times come in as milliseconds since 1970.
///
///     add ─▶ due ─▶ (attempt) ─▶ delivered: removed, unless a newer one took its place meanwhile
///             ▲          └▶ failed: due again after the backoff of the receiver (it is down, or wants less) or of the
///             └────────────         entry (it was refused)
struct NotificationOutbox: Sendable {
    struct Key: Codable, Sendable, Hashable {
        let receiver: String
        let topic: AlertNotification.Topic
    }

    struct Entry: Codable, Sendable, Equatable {
        let key: Key
        var notification: AlertNotification
        /// Rises when a newer notification takes the place of this one.
        var revision = 0
        let queuedAt: Int64
        /// Failed attempts in a row.
        var failures = 0
        var notBefore: Int64
    }

    enum Next: Sendable, Equatable {
        case nothing
        case waitUntil(Int64)
        case deliver(Entry)
    }

    private(set) var entries: [Key: Entry] = [:]
    private var receiverFailures: [String: Int] = [:]
    private var receiverNotBefore: [String: Int64] = [:]

    /// Puts a notification in line; one of the same topic that was not delivered yet is replaced, and what it said about
    /// resolved alerts is kept.
    ///
    /// - Returns: the entry as it is now, and whether another was replaced.
    mutating func add(
        _ notification: AlertNotification, for receiver: String, now: Int64, limit: Int
    ) -> (entry: Entry, superseded: Bool) {
        let key = Key(receiver: receiver, topic: notification.topic)
        let earlier = entries[key]
        var notification = notification
        notification.supersede(earlier?.notification, limit: limit)
        let entry = Entry(
            key: key, notification: notification, revision: (earlier?.revision ?? 0) &+ 1,
            queuedAt: earlier?.queuedAt ?? now, notBefore: now)
        entries[key] = entry
        return (entry, earlier != nil)
    }

    /// Takes up a stored entry.
    mutating func restore(_ entry: Entry, now: Int64) {
        var entry = entry
        entry.notBefore = min(entry.notBefore, now)
        entries[entry.key] = entry
    }

    /// What the receiver's worker does next: the entry that is due longest, by the time it was first queued.
    func next(for receiver: String, now: Int64) -> Next {
        let own = entries.values.filter { $0.key.receiver == receiver }
        guard let soonest = own.map(\.notBefore).min() else { return .nothing }
        let opensAt = max(soonest, receiverNotBefore[receiver] ?? soonest)
        guard opensAt <= now else { return .waitUntil(opensAt) }
        let due = own.filter { $0.notBefore <= now }.min {
            ($0.queuedAt, $0.key.topic.alertName) < ($1.queuedAt, $1.key.topic.alertName)
        }
        return due.map { .deliver($0) } ?? .waitUntil(soonest)
    }

    /// The receiver has taken `entry`. Returns what is left of the topic, if a newer notification came meanwhile.
    mutating func delivered(_ entry: Entry) -> Entry? {
        receiverFailures[entry.key.receiver] = nil
        receiverNotBefore[entry.key.receiver] = nil
        guard var current = entries[entry.key], current.revision != entry.revision else {
            entries[entry.key] = nil
            return nil
        }
        current.notification.forget(entry.notification)
        let isEmpty = current.notification.firing.isEmpty && current.notification.resolved.isEmpty
        entries[entry.key] = isEmpty ? nil : current
        return entries[entry.key]
    }

    /// The receiver has not taken `entry`. Returns the entry as it is now.
    mutating func failed(_ entry: Entry, _ failure: DeliveryFailure, now: Int64, backoff: DeliveryBackoff) -> Entry? {
        let receiver = entry.key.receiver
        if failure.concernsReceiver {
            let failures = (receiverFailures[receiver] ?? 0) + 1
            receiverFailures[receiver] = failures
            let wait = max(
                backoff.milliseconds(afterFailures: failures, salt: receiver), failure.retryAfterMilliseconds ?? 0)
            receiverNotBefore[receiver] = now.addingClamped(wait)
        } else {
            receiverFailures[receiver] = nil
        }
        guard var current = entries[entry.key] else { return nil }
        guard current.revision == entry.revision else { return current }
        current.failures += 1
        if !failure.concernsReceiver {
            let wait = backoff.milliseconds(afterFailures: current.failures, salt: current.key.topic.alertName)
            current.notBefore = now.addingClamped(wait)
        }
        entries[entry.key] = current
        return current
    }

    func count(for receiver: String) -> Int { entries.keys.count { $0.receiver == receiver } }
}

/// Why a delivery did not succeed.
enum DeliveryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// No answer.
    case unreachable(reason: String)
    /// An answer that is not 2xx.
    case refused(status: Int, retryAfterSeconds: Int?)

    /// True if other notifications would fail as well: nobody answers, 408, 429 (RFC 6585) or 5xx.
    var concernsReceiver: Bool {
        switch self {
        case .unreachable: true
        case .refused(let status, _): status == 408 || status == 429 || status >= 500
        }
    }

    /// What the receiver asked for (`Retry-After`, RFC 9110 section 10.2.3), at most an hour.
    var retryAfterMilliseconds: Int64? {
        guard case .refused(_, let seconds?) = self else { return nil }
        return Int64(min(max(seconds, 0), 3600)) * 1000
    }

    var description: String {
        switch self {
        case .unreachable(let reason): "the receiver cannot be reached: \(reason)"
        case .refused(let status, _): "the receiver answered with status \(status) where 2xx was expected"
        }
    }
}

extension Int64 {
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
