import AlertRules
import Foundation

/// The states of one group's rules, as stored: JSON under `group/FILE;NAME`.
struct GroupRecord: Codable, Sendable {
    static let keyPrefix = "group/"
    static let currentVersion = 1

    struct RuleRecord: Codable, Sendable {
        /// See `GroupProgress.ruleIdentities`.
        let identity: String
        let alertName: String
        let expression: String
        let state: AlertRuleSnapshot
    }

    var version = GroupRecord.currentVersion
    let file: String
    let group: String
    /// Milliseconds since 1970.
    let evaluatedAt: Int64
    let rules: [RuleRecord]

    init(_ progress: GroupProgress, _ snapshot: GroupProgress.Snapshot, evaluatedAt: Int64) {
        file = progress.group.file
        group = progress.group.name
        self.evaluatedAt = evaluatedAt
        rules = zip(zip(progress.group.rules, progress.ruleIdentities), snapshot.rules).compactMap { rule, state in
            guard case .alerting(let alerting) = rule.0, !state.alerts.alerts.isEmpty else { return nil }
            return RuleRecord(
                identity: rule.1, alertName: alerting.name, expression: alerting.expression,
                state: state.alerts.snapshot)
        }
    }

    static func key(file: String, group: String) -> String { "\(keyPrefix)\(file);\(group)" }

    var key: String { GroupRecord.key(file: file, group: group) }
    /// Nil, which removes the record, if there is nothing to keep.
    var bytes: [UInt8]? { rules.isEmpty ? nil : StoredJSON.bytes(self) }
}

/// A notification that waits for delivery, as stored: JSON under `notification/RECEIVER/FILE;GROUP;ALERT`.
struct OutboxRecord: Codable, Sendable {
    static let keyPrefix = "notification/"
    static let currentVersion = 1

    var version = OutboxRecord.currentVersion
    let entry: NotificationOutbox.Entry

    init(_ entry: NotificationOutbox.Entry) { self.entry = entry }

    static func key(of key: NotificationOutbox.Key) -> String {
        "\(keyPrefix)\(key.receiver)/\(key.topic.file);\(key.topic.group);\(key.topic.alertName)"
    }

    var bytes: [UInt8] { StoredJSON.bytes(self) }
}

enum StoredJSON {
    static func bytes(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // The records hold texts, integers and containers of them; JSONEncoder fails only for numbers JSON does not have.
        return (try? encoder.encode(value)).map { [UInt8]($0) } ?? []
    }

    static func value<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
