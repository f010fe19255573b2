import AlertRules
import Synchronization
import TelemetryModel

/// How the last evaluation of a rule went. The raw values are Prometheus' words in the API.
enum RuleHealth: String, Sendable {
    case unknown, ok
    case failing = "err"
}

/// What is known of one rule.
struct RuleProgress: Sendable {
    /// Of alerting rules.
    var alerts = AlertRuleState()
    /// The series that the last evaluation recorded.
    var recorded: Set<LabelSet> = []
    var health = RuleHealth.unknown
    var lastError: String?
    /// Milliseconds since 1970.
    var lastEvaluationAt: Int64?
    var evaluationSeconds: Double = 0
}

/// A group with what its evaluations came to. One task evaluates; anybody reads.
final class GroupProgress: Sendable {
    struct Snapshot: Sendable {
        /// As the group's rules.
        var rules: [RuleProgress]
        var lastEvaluationAt: Int64?
        var evaluationSeconds: Double = 0
    }

    let group: RuleGroup
    let schedule: GroupSchedule
    let queryOffsetMilliseconds: Int64
    private let state: Mutex<Snapshot>

    init(_ group: RuleGroup, configuration: AlertingConfiguration) {
        self.group = group
        let interval = group.intervalMilliseconds ?? configuration.evaluationInterval.milliseconds
        self.schedule = GroupSchedule(interval: interval, identity: "\(group.file);\(group.name)")
        self.queryOffsetMilliseconds = group.queryOffsetMilliseconds ?? configuration.queryOffset.milliseconds
        self.state = Mutex(Snapshot(rules: group.rules.map { _ in RuleProgress() }))
    }

    var snapshot: Snapshot { state.withLock { $0 } }

    func publish(_ snapshot: Snapshot) { state.withLock { $0 = snapshot } }

    /// Names the group where a client continues to list: the same as long as file and name are.
    var pageToken: String {
        let digest = LabelSet([Label("file", group.file), Label("name", group.name)]).digest
        let hex = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    /// What identifies each rule within the group's stored state: its name and labels, and which of several equals it is.
    var ruleIdentities: [String] {
        var seen: [String: Int] = [:]
        return group.rules.map { rule in
            let labels = rule.labelTexts.map { "\($0.name)=\"\($0.value.escapedForLabelText)\"" }.joined(separator: ",")
            let identity = "\(rule.name){\(labels)}"
            let repetition = seen[identity, default: 0]
            seen[identity] = repetition + 1
            return repetition == 0 ? identity : "\(identity)#\(repetition)"
        }
    }
}
