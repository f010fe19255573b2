import AlertRules
import Foundation
import HTTPSupport
import TelemetryModel
import TimeSeriesStore

extension RuleFilter {
    func accepts(_ group: RuleGroup) -> Bool {
        (groupNames.isEmpty || groupNames.contains(group.name)) && (files.isEmpty || files.contains(group.file))
    }

    func accepts(_ rule: Rule) -> Bool {
        switch (kind, rule) {
        case (.alert?, .recording), (.record?, .alerting): return false
        default: break
        }
        guard ruleNames.isEmpty || ruleNames.contains(rule.name) else { return false }
        guard !matcherLists.isEmpty else { return true }
        let labels = LabelSet(rule.labelTexts.map { Label($0.name, $0.value) })
        return matcherLists.contains { matchers in matchers.allSatisfy { $0.accepts(labels) } }
    }
}

extension AlertingService {
    /// Groups without a rule that passes the filter are left out, unless nothing was filtered by rule.
    ///
    /// Throws an `APIError` for a token that belongs to no group.
    func rulesJSON(_ filter: RuleFilter) throws -> JSONText {
        let filtersRules = filter.kind != nil || !filter.ruleNames.isEmpty || !filter.matcherLists.isEmpty
        var page = groups[...]
        if let token = filter.nextToken {
            guard let first = groups.firstIndex(where: { $0.pageToken == token }) else {
                throw APIError.invalid(
                    "group_next_token",
                    "expected the groupNextToken of an answer from this server with the rules that it has now, got "
                        + "\"\(token.prefix(64))\"")
            }
            page = groups[first...]
        }
        var shown: [(progress: GroupProgress, snapshot: GroupProgress.Snapshot, rules: [(Rule, RuleProgress)])] = []
        var next: String?
        for progress in page where filter.accepts(progress.group) {
            let snapshot = progress.snapshot
            let rules = zip(progress.group.rules, snapshot.rules).filter { filter.accepts($0.0) }
            if rules.isEmpty && filtersRules { continue }
            if shown.count == filter.groupLimit {
                next = progress.pageToken
                break
            }
            shown.append((progress, snapshot, rules))
        }
        return success { data in
            data.key("groups")
            data.array { list in
                for (progress, snapshot, rules) in shown {
                    list.object { item in
                        item.field("name", progress.group.name)
                        item.field("file", progress.group.file)
                        item.key("rules")
                        item.array { list in
                            for (rule, state) in rules {
                                list.object { $0.write(rule, state, withAlerts: !filter.leavesOutAlerts) }
                            }
                        }
                        item.field("interval", Double(progress.schedule.interval) / 1000)
                        item.field("limit", progress.group.limit)
                        item.field("evaluationTime", snapshot.evaluationSeconds)
                        item.field("lastEvaluation", APITime.text(snapshot.lastEvaluationAt))
                    }
                }
            }
            if let next { data.field("groupNextToken", next) }
        }
    }

    /// All pending and firing alerts.
    func alertsJSON() -> JSONText {
        success { data in
            data.key("alerts")
            data.array { list in
                for progress in groups {
                    for rule in progress.snapshot.rules {
                        for alert in rule.alerts.active { list.object { $0.write(alert) } }
                    }
                }
            }
        }
    }

    private func success(_ fill: (inout JSONText) -> Void) -> JSONText { .success { $0.object(fill) } }
}

extension JSONText {
    fileprivate mutating func write(_ rule: Rule, _ state: RuleProgress, withAlerts: Bool) {
        if case .alerting = rule { field("state", state.alerts.state.rawValue) }
        field("name", rule.name)
        field("query", rule.expression.trimmingCharacters(in: .whitespacesAndNewlines))
        if case .alerting(let rule) = rule {
            field("duration", Double(rule.holdMilliseconds) / 1000)
            field("keepFiringFor", Double(rule.keepFiringMilliseconds) / 1000)
        }
        write("labels", Dictionary(rule.labelTexts.map { ($0.name, $0.value) }) { _, last in last })
        if case .alerting(let rule) = rule {
            write("annotations", Dictionary(rule.annotations.map { ($0.name, $0.template.source) }) { _, last in last })
            key("alerts")
            array { list in
                guard withAlerts else { return }
                for alert in state.alerts.active { list.object { $0.write(alert) } }
            }
        }
        field("health", state.health.rawValue)
        if let error = state.lastError { field("lastError", error) }
        field("evaluationTime", state.evaluationSeconds)
        field("lastEvaluation", APITime.text(state.lastEvaluationAt))
        if case .alerting = rule { field("type", "alerting") } else { field("type", "recording") }
    }

    fileprivate mutating func write(_ alert: ActiveAlert) {
        write("labels", alert.labels.dictionary)
        write("annotations", alert.annotations.dictionary)
        field("state", alert.state.rawValue)
        field("activeAt", APITime.text(alert.activeAt))
        if let since = alert.keepFiringSince { field("keepFiringSince", APITime.text(since)) }
        field("value", FloatText.exponent(alert.value))
    }
}
