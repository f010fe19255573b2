package import TelemetryModel

/// An `AlertRuleState` in a form to be stored.
package struct AlertRuleSnapshot: Codable, Sendable, Equatable {
    package struct Alert: Codable, Sendable, Equatable {
        package let labels: [String: String]
        package let annotations: [String: String]
        package let state: AlertState
        /// A number as text, because JSON has no NaN and no infinities.
        package let value: String
        package let activeAt: Int64
        package let firedAt: Int64?
        package let resolvedAt: Int64?
        package let keepFiringSince: Int64?
        package let lastNotifiedAt: Int64?
    }

    package let alerts: [Alert]
}

extension AlertRuleState {
    package var snapshot: AlertRuleSnapshot {
        AlertRuleSnapshot(
            alerts: alerts.values.sorted { $0.labels < $1.labels }.map { alert in
                AlertRuleSnapshot.Alert(
                    labels: alert.labels.dictionary, annotations: alert.annotations.dictionary, state: alert.state,
                    value: FloatText.exponent(alert.value), activeAt: alert.activeAt, firedAt: alert.firedAt,
                    resolvedAt: alert.resolvedAt, keepFiringSince: alert.keepFiringSince,
                    lastNotifiedAt: alert.lastNotifiedAt)
            })
    }

    /// Takes up a stored state. Firing and resolved alerts go on as they were. Pending ones keep their `activeAt`, unless
    /// nobody looked for longer than `outageToleranceMilliseconds`: whether the condition held meanwhile is then unknown, and
    /// the wait begins anew.
    package init(
        _ snapshot: AlertRuleSnapshot, evaluatedAt: Int64, now: Int64, outageToleranceMilliseconds: Int64
    ) {
        let outage = now.subtractingClamped(evaluatedAt)
        for stored in snapshot.alerts where stored.state != .pending || outage <= outageToleranceMilliseconds {
            let labels = LabelSet(stored.labels.map { Label($0.key, $0.value) })
            alerts[labels] = ActiveAlert(
                labels: labels, annotations: LabelSet(stored.annotations.map { Label($0.key, $0.value) }),
                state: stored.state, value: Double(stored.value) ?? .nan, activeAt: stored.activeAt,
                firedAt: stored.firedAt, resolvedAt: stored.resolvedAt, keepFiringSince: stored.keepFiringSince,
                lastNotifiedAt: stored.lastNotifiedAt)
        }
    }
}

extension LabelSet {
    package var dictionary: [String: String] {
        Dictionary(labels.map { ($0.name, $0.value) }) { _, last in last }
    }
}
