import AlertRules
import Foundation
import HTTPSupport
import TelemetryModel

/// The body of a notification: Alertmanager's webhook JSON, version 4
/// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
struct WebhookPayload {
    let notification: AlertNotification
    let receiver: WebhookReceiver
    let externalURL: String

    var json: String {
        let alerts = notification.firing + (receiver.sendsResolved ? notification.resolved : [])
        var json = JSONText()
        json.object { body in
            body.field("version", "4")
            body.field("groupKey", groupKey)
            body.field("truncatedAlerts", notification.truncated)
            body.field("status", notification.firing.isEmpty ? "resolved" : "firing")
            body.field("receiver", receiver.name)
            body.write("groupLabels", ["alertname": notification.topic.alertName])
            body.write("commonLabels", WebhookPayload.common(alerts.map(\.labels)))
            body.write("commonAnnotations", WebhookPayload.common(alerts.map(\.annotations)))
            body.field("externalURL", externalURL)
            body.key("alerts")
            body.array { list in
                for alert in alerts { WebhookPayload.write(alert, to: &list) }
            }
        }
        return json.text
    }

    /// Stable for a topic, so that a receiver can put notifications together.
    private var groupKey: String {
        let file = notification.topic.file.split(separator: "/").last.map(String.init) ?? ""
        let route = LabelSet(["rule_file": file, "rule_group": notification.topic.group])
        return "\(route):\(LabelSet(["alertname": notification.topic.alertName]))"
    }

    private static func write(_ alert: NotifiedAlert, to list: inout JSONText) {
        list.object { item in
            item.field("status", alert.endsAt == nil ? "firing" : "resolved")
            item.write("labels", alert.labels)
            item.write("annotations", alert.annotations)
            item.field("startsAt", CivilTime(milliseconds: alert.startsAt).rfc3339)
            item.field("endsAt", alert.endsAt.map { CivilTime(milliseconds: $0).rfc3339 } ?? APITime.never)
            item.field("generatorURL", alert.generatorURL)
            item.field("fingerprint", Fingerprint.of(alert.labelSet))
        }
    }

    /// The pairs that all have.
    private static func common(_ sets: [[String: String]]) -> [String: String] {
        guard var common = sets.first else { return [:] }
        for set in sets.dropFirst() { common = common.filter { set[$0.key] == $0.value } }
        return common
    }
}

enum APITime {
    /// How Go writes the time that was never set.
    static let never = "0001-01-01T00:00:00Z"

    static func text(_ milliseconds: Int64?) -> String {
        milliseconds.map { CivilTime(milliseconds: $0).rfc3339 } ?? never
    }
}

/// Where people find the expression behind an alert: the path of Prometheus' own pages.
enum GeneratorURL {
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    static func text(externalURL: String, expression: String) -> String {
        let query = expression.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
        return "\(externalURL)/graph?g0.expr=\(query)&g0.tab=1"
    }
}

extension JSONText {
    /// A field that is an object of texts, ordered by name.
    mutating func write(_ name: String, _ pairs: [String: String]) {
        key(name)
        object { object in
            for (name, value) in pairs.sorted(by: { $0.key < $1.key }) { object.field(name, value) }
        }
    }
}
