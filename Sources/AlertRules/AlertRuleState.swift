package import TelemetryModel

/// Why the result of an expression cannot become alerts. The rule's state is then as before, except for `limitExceeded`.
package enum AlertEvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Two series of the result differ only in labels that the rule overrides, or in their name.
    case sameLabels(LabelSet)
    /// All alerts of the rule are forgotten, as in Prometheus. `cleared` are those whose firing was handed over for
    /// notification before, now resolved.
    case limitExceeded(limit: Int, alerts: Int, cleared: [ActiveAlert])

    package var description: String {
        switch self {
        case .sameLabels(let labels):
            "two series of the result become the same alert \(labels); aggregate in the expression, or let the rule's "
                + "labels keep them apart"
        case .limitExceeded(let limit, let alerts, _):
            "the rule gives \(alerts) alerts, over its group's limit of \(limit); narrow the expression or raise `limit`"
        }
    }
}

/// What one evaluation of an alerting rule came to.
package struct AlertTransition: Sendable, Equatable {
    /// Pending and firing alerts, ordered by labels.
    package var active: [ActiveAlert] = []
    /// Alerts that began to fire.
    package var fired: [ActiveAlert] = []
    /// Alerts that fire on and were last notified at least the repeat interval ago.
    package var repeated: [ActiveAlert] = []
    /// Alerts that stopped to fire and whose firing was handed over for notification.
    package var resolved: [ActiveAlert] = []

    package var needsNotification: Bool { !(fired.isEmpty && repeated.isEmpty && resolved.isEmpty) }
}

/// The alerts of one rule. A value: samples in, transition out; after Prometheus' `rules/alerting.go`.
package struct AlertRuleState: Sendable, Equatable {
    /// How long a resolved alert is remembered.
    package static let resolvedRetentionMilliseconds: Int64 = 15 * 60 * 1000

    /// By alert labels; resolved ones included.
    package internal(set) var alerts: [LabelSet: ActiveAlert] = [:]

    package init() {}

    /// Pending and firing alerts, ordered by labels.
    package var active: [ActiveAlert] {
        alerts.values.filter { $0.state != .inactive }.sorted { $0.labels < $1.labels }
    }

    /// The highest state of any alert.
    package var state: AlertState { alerts.values.map(\.state).max() ?? .inactive }

    /// Takes in the result of the rule's expression at time `now` (milliseconds since 1970).
    ///
    /// - Parameter limit: the most alerts the rule may have; 0 for no limit.
    /// - Parameter repeatMilliseconds: after how long a firing alert is notified again.
    package mutating func evaluate(
        _ rule: AlertingRule, at now: Int64, samples: [RuleSample], limit: Int, repeatMilliseconds: Int64
    ) throws(AlertEvaluationError) -> AlertTransition {
        let current = try AlertRuleState.alerts(of: rule, at: now, samples: samples)
        let before = active
        for (labels, alert) in current {
            if var known = alerts[labels], known.state != .inactive {
                known.value = alert.value
                known.annotations = alert.annotations
                alerts[labels] = known
            } else {
                alerts[labels] = alert
            }
        }

        var transition = AlertTransition()
        for labels in alerts.keys.sorted() {
            guard var alert = alerts[labels] else { continue }
            let isPresent = current[labels] != nil
            alerts[labels] = AlertRuleState.step(
                &alert, rule, at: now, isPresent: isPresent, repeatMilliseconds: repeatMilliseconds, &transition)
        }
        if limit > 0, transition.active.count > limit {
            alerts = [:]
            let cleared = before.filter { $0.state == .firing && $0.lastNotifiedAt != nil }.map { alert in
                var alert = alert
                alert.state = .inactive
                alert.resolvedAt = now
                return alert
            }
            throw .limitExceeded(limit: limit, alerts: transition.active.count, cleared: cleared)
        }
        return transition
    }

    /// Notes that every firing alert was handed over for notification at `now`: a receiver is told about all of them at once,
    /// so their repeat intervals start together.
    package mutating func markFiringNotified(at now: Int64) {
        for (labels, alert) in alerts where alert.state == .firing {
            alerts[labels]?.lastNotifiedAt = max(now, alert.lastNotifiedAt ?? now)
        }
    }

    /// The next state of one alert, or nil if it is forgotten.
    private static func step(
        _ alert: inout ActiveAlert, _ rule: AlertingRule, at now: Int64, isPresent: Bool, repeatMilliseconds: Int64,
        _ transition: inout AlertTransition
    ) -> ActiveAlert? {
        if isPresent {
            alert.keepFiringSince = nil
        } else {
            switch alert.state {
            case .pending: return nil
            case .inactive:
                let age = now.subtractingClamped(alert.resolvedAt ?? now)
                return age > resolvedRetentionMilliseconds ? nil : alert
            case .firing:
                let since = alert.keepFiringSince ?? now
                if rule.keepFiringMilliseconds > 0 { alert.keepFiringSince = since }
                guard rule.keepFiringMilliseconds > now.subtractingClamped(since) else {
                    alert.state = .inactive
                    alert.resolvedAt = now
                    if alert.lastNotifiedAt != nil { transition.resolved.append(alert) }
                    return alert
                }
            }
        }
        if alert.state == .pending, now.subtractingClamped(alert.activeAt) >= rule.holdMilliseconds {
            alert.state = .firing
            alert.firedAt = now
        }
        if alert.state == .firing {
            if let last = alert.lastNotifiedAt {
                if now.subtractingClamped(last) >= repeatMilliseconds {
                    alert.lastNotifiedAt = now
                    transition.repeated.append(alert)
                }
            } else {
                alert.lastNotifiedAt = now
                transition.fired.append(alert)
            }
        }
        transition.active.append(alert)
        return alert
    }

    /// The result as new, pending alerts.
    private static func alerts(
        of rule: AlertingRule, at now: Int64, samples: [RuleSample]
    ) throws(AlertEvaluationError) -> [LabelSet: ActiveAlert] {
        var alerts: [LabelSet: ActiveAlert] = [:]
        for sample in samples {
            func text(_ templated: TemplatedText) -> Label {
                Label(templated.name, templated.template.text(labels: sample.labels, value: sample.value))
            }
            let own = rule.labels.map(text) + [Label("alertname", rule.name)]
            let kept = sample.labels.labels.filter { label in
                label.name != LabelSet.metricNameLabel && !own.contains { $0.name == label.name }
            }
            let labels = LabelSet(kept + own)
            let alert = ActiveAlert(
                labels: labels, annotations: LabelSet(rule.annotations.map(text)), state: .pending, value: sample.value,
                activeAt: now)
            guard alerts.updateValue(alert, forKey: labels) == nil else { throw .sameLabels(labels) }
        }
        return alerts
    }
}

extension Int64 {
    /// The difference, held at the ends of the range: stored times come from outside.
    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (self < other ? .min : .max) : difference
    }
}
