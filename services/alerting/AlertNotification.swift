import AlertRules
import TelemetryModel

/// One alert as a receiver is told about it.
struct NotifiedAlert: Codable, Sendable, Equatable {
    let labels: [String: String]
    let annotations: [String: String]
    /// Milliseconds since 1970: when it began to fire.
    let startsAt: Int64
    /// Nil while it fires.
    let endsAt: Int64?
    let generatorURL: String

    /// - Parameter endsAt: when it stopped, if the alert does not say itself.
    init(_ alert: ActiveAlert, endsAt: Int64? = nil, generatorURL: String) {
        labels = alert.labels.dictionary
        annotations = alert.annotations.dictionary
        startsAt = alert.firedAt ?? alert.activeAt
        self.endsAt = alert.resolvedAt ?? endsAt
        self.generatorURL = generatorURL
    }

    var labelSet: LabelSet { LabelSet(labels.map { Label($0.key, $0.value) }) }
}

/// All that a receiver is to know about the alerts of one name in one group: every one that fires, and those that stopped
/// since it was last told. A later notification of the same topic therefore replaces an earlier one.
struct AlertNotification: Codable, Sendable, Equatable {
    /// What the notification is about.
    struct Topic: Codable, Sendable, Hashable {
        let file: String
        let group: String
        let alertName: String
    }

    let topic: Topic
    var firing: [NotifiedAlert]
    var resolved: [NotifiedAlert]
    /// Alerts left out because there are too many.
    var truncated = 0

    /// Adds the resolved alerts of an earlier notification that was not delivered, unless they fire again, and cuts the
    /// notification to `limit` alerts: those that fire stay before those that are resolved.
    mutating func supersede(_ earlier: AlertNotification?, limit: Int) {
        if let earlier {
            let known = Set(firing.map(\.labels) + resolved.map(\.labels))
            resolved += earlier.resolved.filter { !known.contains($0.labels) }
        }
        cut(to: limit)
    }

    /// Takes out the resolved alerts that `delivered` told the receiver.
    mutating func forget(_ delivered: AlertNotification) {
        resolved.removeAll { delivered.resolved.contains($0) }
    }

    private mutating func cut(to limit: Int) {
        let room = max(1, limit)
        let excess = firing.count + resolved.count - room
        guard excess > 0 else { return }
        truncated += excess
        firing = Array(firing.prefix(room))
        resolved = Array(resolved.prefix(room - firing.count))
    }
}
