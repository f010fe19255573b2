/// One rule file as it was read: Prometheus' format
/// (https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/), checked as a whole.
package struct RuleFile: Sendable, Equatable {
    /// As the configuration named it; part of the groups' identity.
    package let path: String
    package let groups: [RuleGroup]
}

/// Rules that are evaluated one after another, at the same instant.
package struct RuleGroup: Sendable, Equatable {
    /// Unique within its file.
    package let name: String
    package let file: String
    /// Nil: the configured default.
    package let intervalMilliseconds: Int64?
    /// The most series or alerts that one rule may produce; 0: no limit.
    package let limit: Int
    /// How far in the past the rules look. Nil: the configured default.
    package let queryOffsetMilliseconds: Int64?
    package let rules: [Rule]
}

package enum Rule: Sendable, Equatable {
    case alerting(AlertingRule)
    case recording(RecordingRule)

    package var name: String {
        switch self {
        case .alerting(let rule): rule.name
        case .recording(let rule): rule.name
        }
    }

    package var expression: String {
        switch self {
        case .alerting(let rule): rule.expression
        case .recording(let rule): rule.expression
        }
    }

    /// The rule's and its group's labels as written, the rule's winning; sorted by name.
    package var labelTexts: [(name: String, value: String)] {
        switch self {
        case .alerting(let rule): rule.labels.map { ($0.name, $0.template.source) }
        case .recording(let rule): rule.labels.map { ($0.name, $0.value) }
        }
    }
}

package struct AlertingRule: Sendable, Equatable {
    package let name: String
    /// PromQL as written, known to parse.
    package let expression: String
    /// `for`: how long the expression must hold before the alert fires.
    package let holdMilliseconds: Int64
    /// `keep_firing_for`: how long a firing alert goes on after its series left the result.
    package let keepFiringMilliseconds: Int64
    /// Sorted by name; the group's labels are among them.
    package let labels: [TemplatedText]
    /// Sorted by name.
    package let annotations: [TemplatedText]
}

/// A label or annotation whose value is computed per alert.
package struct TemplatedText: Sendable, Equatable {
    package let name: String
    package let template: AlertTemplate
}

package struct RecordingRule: Sendable, Equatable {
    package struct FixedLabel: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The metric name of what is recorded.
    package let name: String
    /// PromQL as written, known to parse.
    package let expression: String
    /// Sorted by name; the group's labels are among them. An empty value removes the label.
    package let labels: [FixedLabel]
}
