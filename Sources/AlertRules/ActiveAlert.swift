package import TelemetryModel

/// One value of an expression's result.
package struct RuleSample: Sendable, Equatable {
    /// Empty for a scalar.
    package let labels: LabelSet
    package let value: Double

    package init(_ labels: LabelSet, _ value: Double) {
        self.labels = labels
        self.value = value
    }
}

/// Where an alert stands.
///
///     (none) ─▶ pending ─▶ firing ─▶ inactive (resolved; kept for 15 minutes) ─▶ (none)
///                  └▶ (none)
package enum AlertState: String, Sendable, Codable, Comparable {
    case inactive, pending, firing

    package static func < (a: AlertState, b: AlertState) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .inactive: 0
        case .pending: 1
        case .firing: 2
        }
    }
}

/// One alert: what a rule says about one series. Times are milliseconds since 1970-01-01T00:00:00Z.
package struct ActiveAlert: Sendable, Equatable {
    /// The alert's identity: the series' labels without `__name__`, the rule's labels, `alertname`.
    package let labels: LabelSet
    package internal(set) var annotations: LabelSet
    package internal(set) var state: AlertState
    /// As of the last evaluation in which the series was in the result.
    package internal(set) var value: Double
    package let activeAt: Int64
    package internal(set) var firedAt: Int64?
    package internal(set) var resolvedAt: Int64?
    /// Since when the alert fires only because of `keep_firing_for`.
    package internal(set) var keepFiringSince: Int64?
    /// When it was last handed over for notification.
    package internal(set) var lastNotifiedAt: Int64?

    /// Bitwise for the value, so that an alert on NaN equals itself.
    package static func == (a: ActiveAlert, b: ActiveAlert) -> Bool {
        a.labels == b.labels && a.annotations == b.annotations && a.state == b.state
            && a.value.bitPattern == b.value.bitPattern && a.activeAt == b.activeAt && a.firedAt == b.firedAt
            && a.resolvedAt == b.resolvedAt && a.keepFiringSince == b.keepFiringSince
            && a.lastNotifiedAt == b.lastNotifiedAt
    }
}
