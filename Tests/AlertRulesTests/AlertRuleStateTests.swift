import AlertRules
import Foundation
import TelemetryModel
import Testing

struct AlertRuleStateTests {
    static let hour: Int64 = 3_600_000
    static let minute: Int64 = 60_000

    static func rule(_ extra: String = "", annotations: String = "") throws -> AlertingRule {
        let text = """
            groups:
            - name: g
              rules:
              - alert: Hot
                expr: cpu > 1
            \(extra)
                labels: {severity: page, source_id: "{{ $labels.source_id | toUpper }}"}
                annotations: {summary: "at {{ $value }}"}
            """
        guard case .alerting(let rule) = try RuleFile.parse(text, path: "f").groups[0].rules[0] else {
            throw CancellationError()
        }
        return rule
    }

    static func sample(_ source: String, _ value: Double = 2) -> RuleSample {
        RuleSample(LabelSet(["__name__": "cpu", "source_id": source]), value)
    }

    static func labels(_ source: String) -> LabelSet {
        LabelSet(["alertname": "Hot", "severity": "page", "source_id": source])
    }

    /// A rule with its state, so that a test reads as a sequence of evaluations.
    struct Machine {
        var state = AlertRuleState()
        let rule: AlertingRule
        var limit = 0

        mutating func at(_ minutes: Int64, _ samples: RuleSample...) throws -> AlertTransition {
            try state.evaluate(
                rule, at: minutes * minute, samples: samples, limit: limit, repeatMilliseconds: 4 * hour)
        }
    }

    @Test func waitsForThenFiresThenResolves() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule("    for: 5m"))
        let pending = try machine.at(0, AlertRuleStateTests.sample("a"))
        #expect(pending.active.map(\.state) == [.pending] && !pending.needsNotification)
        #expect(pending.active[0].labels == AlertRuleStateTests.labels("A"))
        #expect(try machine.at(4, AlertRuleStateTests.sample("a", 7)).active.map(\.state) == [.pending])

        let fired = try machine.at(5, AlertRuleStateTests.sample("a", 9))
        #expect(fired.fired.map(\.labels) == [AlertRuleStateTests.labels("A")])
        #expect(fired.active[0].activeAt == 0 && fired.active[0].firedAt == 5 * AlertRuleStateTests.minute)
        #expect(fired.active[0].annotations["summary"] == "at 9" && fired.active[0].value == 9)
        #expect(try !machine.at(6, AlertRuleStateTests.sample("a")).needsNotification)

        let resolved = try machine.at(7)
        #expect(resolved.active.isEmpty && resolved.resolved.map(\.resolvedAt) == [7 * AlertRuleStateTests.minute])
        #expect(try !machine.at(8).needsNotification)
        #expect(machine.state.alerts.count == 1 && machine.state.state == .inactive)
        _ = try machine.at(22)
        #expect(machine.state.alerts.count == 1, "kept for 15 minutes")
        _ = try machine.at(23)
        #expect(machine.state.alerts.isEmpty)
    }

    @Test func pendingThatEndsIsForgottenAndStartsAnew() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule("    for: 5m"))
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        #expect(try !machine.at(4).needsNotification)
        #expect(machine.state.alerts.isEmpty)
        _ = try machine.at(5, AlertRuleStateTests.sample("a"))
        #expect(try machine.at(9, AlertRuleStateTests.sample("a")).active.map(\.state) == [.pending])
        #expect(try machine.at(10, AlertRuleStateTests.sample("a")).fired.count == 1)
    }

    @Test func keepFiringForBridgesGaps() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule("    keep_firing_for: 3m"))
        #expect(try machine.at(0, AlertRuleStateTests.sample("a")).fired.count == 1, "no `for`: fires at once")
        #expect(try machine.at(1).active[0].keepFiringSince == AlertRuleStateTests.minute)
        #expect(try machine.at(3).active.map(\.state) == [.firing])
        #expect(try machine.at(3, AlertRuleStateTests.sample("a")).active[0].keepFiringSince == nil)
        _ = try machine.at(5)
        #expect(try machine.at(7).resolved.isEmpty)
        #expect(try machine.at(8).resolved.count == 1)
    }

    @Test func firingAgainAfterResolutionIsNew() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule())
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        _ = try machine.at(1)
        let again = try machine.at(2, AlertRuleStateTests.sample("a"))
        #expect(again.fired.map(\.activeAt) == [2 * AlertRuleStateTests.minute])
        #expect(again.fired[0].resolvedAt == nil)
    }

    @Test func repeatsAfterTheInterval() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule())
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        #expect(try machine.at(239, AlertRuleStateTests.sample("a")).repeated.isEmpty)
        #expect(try machine.at(240, AlertRuleStateTests.sample("a")).repeated.count == 1)
        machine.state.markFiringNotified(at: 300 * AlertRuleStateTests.minute)
        #expect(try machine.at(480, AlertRuleStateTests.sample("a")).repeated.isEmpty)
        #expect(try machine.at(540, AlertRuleStateTests.sample("a")).repeated.count == 1)
    }

    @Test func sameAlertTwiceIsAnErrorAndChangesNothing() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule())
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        let before = machine.state
        #expect(throws: AlertEvaluationError.sameLabels(AlertRuleStateTests.labels("A"))) {
            try machine.at(1, AlertRuleStateTests.sample("a"), AlertRuleStateTests.sample("A"))
        }
        #expect(machine.state == before)
    }

    @Test func limitClearsAndSaysWhatWasFiring() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule(), limit: 1)
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        let error = #expect(throws: AlertEvaluationError.self) {
            try machine.at(1, AlertRuleStateTests.sample("a"), AlertRuleStateTests.sample("b"))
        }
        guard case .limitExceeded(1, 2, let cleared)? = error else {
            Issue.record("expected limitExceeded, got \(String(describing: error))")
            return
        }
        #expect(cleared.map(\.labels) == [AlertRuleStateTests.labels("A")])
        #expect(machine.state.alerts.isEmpty)
    }

    @Test func snapshotContinuesTheState() throws {
        var machine = Machine(rule: try AlertRuleStateTests.rule("    for: 5m"))
        _ = try machine.at(0, AlertRuleStateTests.sample("a"))
        _ = try machine.at(5, AlertRuleStateTests.sample("a"), AlertRuleStateTests.sample("b", .infinity))
        let stored = try JSONEncoder().encode(machine.state.snapshot)
        let read = try JSONDecoder().decode(AlertRuleSnapshot.self, from: stored)

        func restored(afterMinutes outage: Int64) -> AlertRuleState {
            AlertRuleState(
                read, evaluatedAt: 5 * AlertRuleStateTests.minute, now: (5 + outage) * AlertRuleStateTests.minute,
                outageToleranceMilliseconds: AlertRuleStateTests.hour)
        }
        #expect(restored(afterMinutes: 2) == machine.state)
        machine.state = restored(afterMinutes: 2)
        let after = try machine.at(10, AlertRuleStateTests.sample("a"), AlertRuleStateTests.sample("b"))
        #expect(after.fired.map(\.labels) == [AlertRuleStateTests.labels("B")], "a is not new, b waited its 5 minutes")

        machine.state = restored(afterMinutes: 61)
        #expect(machine.state.active.map(\.labels) == [AlertRuleStateTests.labels("A")])
    }

    @Test func extremeTimesDoNotTrap() throws {
        let rule = try AlertRuleStateTests.rule("    for: 5m\n    keep_firing_for: 1m")
        var state = AlertRuleState()
        for now in [Int64.min, .max, 0, .min, .max] {
            for samples in [[AlertRuleStateTests.sample("a", .nan)], []] {
                _ = try state.evaluate(rule, at: now, samples: samples, limit: 0, repeatMilliseconds: .max)
            }
        }
    }
}
