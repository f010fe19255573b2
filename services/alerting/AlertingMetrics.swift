import AlertRules
import SelfMetrics
import Synchronization

/// What alerting counts of itself.
struct AlertingMetrics: Sendable {
    let evaluations: Counter
    let failedEvaluations: Counter
    let iterations: Counter
    let missedIterations: Counter
    let recordedSamples: Counter
    let deliveries: Counter
    let failedDeliveries: Counter
    let supersededNotifications: Counter
    let truncatedAlerts: Counter
    let failedSaves: Counter
    let evaluationDuration: LatencyHistogram

    init(registry: MetricsRegistry) {
        evaluations = registry.counter("heliograph_rule_evaluations_total", help: "Rules evaluated.")
        failedEvaluations = registry.counter(
            "heliograph_rule_evaluation_failures_total", help: "Rule evaluations that failed.")
        iterations = registry.counter("heliograph_rule_group_iterations_total", help: "Evaluations of rule groups.")
        missedIterations = registry.counter(
            "heliograph_rule_group_iterations_missed_total",
            help: "Evaluations of rule groups left out because an earlier one took too long.")
        recordedSamples = registry.counter(
            "heliograph_rule_recorded_samples_total", help: "Samples made by rules and stored.")
        deliveries = registry.counter("heliograph_notifications_delivered_total", help: "Notifications delivered.")
        failedDeliveries = registry.counter(
            "heliograph_notification_failures_total", help: "Attempts to deliver a notification that failed.")
        supersededNotifications = registry.counter(
            "heliograph_notifications_superseded_total",
            help: "Notifications replaced by a newer one of the same alerts before they were delivered.")
        truncatedAlerts = registry.counter(
            "heliograph_notification_truncated_alerts_total",
            help: "Alerts left out of notifications that were too long.")
        failedSaves = registry.counter(
            "heliograph_alert_state_save_failures_total", help: "Attempts to save alert states that failed.")
        evaluationDuration = registry.histogram(
            "heliograph_rule_evaluation_duration_seconds", help: "How long the evaluation of a rule took.")
    }
}

extension AlertingService {
    /// Values that are read when somebody scrapes.
    func registerGauges(in registry: MetricsRegistry) {
        registry.register("heliograph_alerts", .gauge, help: "Alerts by state.") { [weak self] in
            let active = self?.groups.flatMap { $0.snapshot.rules.flatMap(\.alerts.active) } ?? []
            return [.pending, .firing].map { state in
                .init(Double(active.count { $0.state == state }), labels: [("state", state.rawValue)])
            }
        }
        registry.register(
            "heliograph_notifications_pending", .gauge, help: "Notifications that wait for delivery."
        ) { [weak self] in
            guard let self else { return [] }
            return configuration.receivers.map { receiver in
                let count = outbox.withLock { $0.count(for: receiver.name) }
                return .init(Double(count), labels: [("receiver", receiver.name)])
            }
        }
        registry.register(
            "heliograph_rule_group_last_duration_seconds", .gauge, help: "How long the last evaluation of a group took."
        ) { [weak self] in
            (self?.groups ?? []).map { progress in
                .init(
                    progress.snapshot.evaluationSeconds,
                    labels: [("rule_group", progress.group.name), ("file", progress.group.file)])
            }
        }
    }
}
