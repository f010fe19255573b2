import AlertRules
import Foundation
import Logging
import SelfMetrics
import Synchronization
import TelemetryModel

extension AlertingService {
    /// Alerts of one name in one group that receivers must hear of.
    private struct Announcement {
        var resolved: [NotifiedAlert] = []
    }

    func evaluateRepeatedly(_ progress: GroupProgress) async throws {
        let clock = ports.clock
        var slot = progress.schedule.slot(after: clock.now())
        while true {
            try await clock.sleep(until: slot)
            try await evaluate(progress, at: slot)
            let (next, missed) = progress.schedule.next(after: slot, now: clock.now())
            if missed > 0 {
                metrics.missedIterations.add(missed)
                logger.warning(
                    "a rule group takes longer than its interval",
                    metadata: ["group": "\(progress.group.name)", "missed": "\(missed)"])
            }
            slot = next
        }
    }

    /// Evaluates all rules of a group for one instant, saves what came of it, and queues notifications. Throws only
    /// `CancellationError`, and then nothing is changed.
    func evaluate(_ progress: GroupProgress, at time: Int64) async throws {
        let start = ContinuousClock.now
        var snapshot = progress.snapshot
        let before = snapshot.rules.map(\.alerts)
        var announcements: [String: Announcement] = [:]
        for (index, rule) in progress.group.rules.enumerated() {
            let ruleStart = ContinuousClock.now
            let resolved = try await evaluate(rule, &snapshot.rules[index], in: progress, at: time)
            if let resolved {
                announcements[rule.name, default: Announcement()].resolved += resolved
            }
            let took = ContinuousClock.now - ruleStart
            metrics.evaluations.add()
            metrics.evaluationDuration.record(took)
            snapshot.rules[index].evaluationSeconds = took.inSeconds
            snapshot.rules[index].lastEvaluationAt = time
            if let error = snapshot.rules[index].lastError {
                metrics.failedEvaluations.add()
                logger.warning(
                    "a rule cannot be evaluated",
                    metadata: ["group": "\(progress.group.name)", "rule": "\(rule.name)", "error": "\(error)"])
            }
        }
        let notifications = announcements.map { name, announcement in
            notification(about: name, announcement.resolved, in: progress, &snapshot, at: time)
        }
        metrics.iterations.add()
        snapshot.lastEvaluationAt = time
        snapshot.evaluationSeconds = (ContinuousClock.now - start).inSeconds
        progress.publish(snapshot)

        let isEventful = snapshot.rules.contains { !$0.alerts.alerts.isEmpty } || snapshot.rules.map(\.alerts) != before
        guard isEventful || !notifications.isEmpty else { return }
        let record = GroupRecord(progress, snapshot, evaluatedAt: time)
        queue(notifications, with: [record.key: record.bytes])
        await flushState()
        for notification in notifications where !notification.firing.isEmpty || !notification.resolved.isEmpty {
            logger.info(
                "alerts changed",
                metadata: [
                    "alert": "\(notification.topic.alertName)", "firing": "\(notification.firing.count)",
                    "resolved": "\(notification.resolved.count)",
                ])
        }
        for wake in wakes.values { wake.signal() }
    }

    /// Queues the notifications for every receiver and stages them with `changes`, all in one transaction.
    func queue(_ notifications: [AlertNotification], with changes: [String: [UInt8]?]) {
        let now = ports.clock.now()
        outbox.withLock { outbox in
            var changes = changes
            for receiver in configuration.receivers {
                for notification in notifications {
                    var notification = notification
                    if !receiver.sendsResolved { notification.resolved = [] }
                    let (entry, superseded) = outbox.add(
                        notification, for: receiver.name, now: now, limit: configuration.maximumAlertsPerNotification)
                    if superseded { metrics.supersededNotifications.add() }
                    metrics.truncatedAlerts.add(entry.notification.truncated)
                    changes.updateValue(OutboxRecord(entry).bytes, forKey: OutboxRecord.key(of: entry.key))
                }
            }
            writer.stage(changes)
        }
    }

    /// Evaluates one rule. Returns the alerts that stopped firing if receivers must hear of the rule, else nil.
    private func evaluate(
        _ rule: Rule, _ progress: inout RuleProgress, in group: GroupProgress, at time: Int64
    ) async throws -> [NotifiedAlert]? {
        let queriedAt = time.addingClamped(-max(group.queryOffsetMilliseconds, -.max))
        var announced: [NotifiedAlert]?
        do {
            let samples = try await ports.evaluate(rule.expression, queriedAt)
            let made: [RecordedSample]
            switch rule {
            case .recording(let rule):
                made = try rule.recorded(from: samples, at: queriedAt, limit: group.group.limit)
            case .alerting(let rule):
                let transition = try progress.alerts.evaluate(
                    rule, at: time, samples: samples, limit: group.group.limit,
                    repeatMilliseconds: configuration.repeatInterval.milliseconds)
                if transition.needsNotification { announced = notified(transition.resolved, of: rule) }
                made =
                    configuration.recordsAlertSeries ? transition.active.flatMap { $0.series(at: queriedAt) } : []
            }
            try await record(made, replacing: &progress.recorded, at: queriedAt)
            progress.health = .ok
            progress.lastError = nil
        } catch let error as CancellationError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            if case .limitExceeded(_, _, let cleared)? = error as? AlertEvaluationError, !cleared.isEmpty,
                case .alerting(let rule) = rule
            {
                announced = notified(cleared, of: rule)
            }
            progress.health = .failing
            progress.lastError = "\(error)"
        }
        return announced
    }

    /// Stores the samples, and stale markers for the series that the last evaluation had and this one has not.
    private func record(
        _ samples: [RecordedSample], replacing recorded: inout Set<LabelSet>, at time: Int64
    ) async throws {
        let series = Set(samples.map(\.labels))
        let ended = recorded.subtracting(series).sorted().map {
            RecordedSample(labels: $0, timestamp: time, value: .staleMarker)
        }
        guard !samples.isEmpty || !ended.isEmpty else { return }
        try await ports.record(samples + ended)
        metrics.recordedSamples.add(samples.count)
        recorded = series
    }

    private func notified(_ alerts: [ActiveAlert], of rule: AlertingRule) -> [NotifiedAlert] {
        let url = GeneratorURL.text(externalURL: configuration.externalURL, expression: rule.expression)
        return alerts.map { NotifiedAlert($0, generatorURL: url) }
    }

    /// All that fires under one name, of every rule of the group that has it, and what stopped.
    private func notification(
        about name: String, _ resolved: [NotifiedAlert], in progress: GroupProgress,
        _ snapshot: inout GroupProgress.Snapshot, at time: Int64
    ) -> AlertNotification {
        var firing: [NotifiedAlert] = []
        for (index, rule) in progress.group.rules.enumerated() {
            guard case .alerting(let rule) = rule, rule.name == name else { continue }
            snapshot.rules[index].alerts.markFiringNotified(at: time)
            firing += notified(snapshot.rules[index].alerts.active.filter { $0.state == .firing }, of: rule)
        }
        let topic = AlertNotification.Topic(file: progress.group.file, group: progress.group.name, alertName: name)
        return AlertNotification(topic: topic, firing: firing, resolved: resolved)
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
