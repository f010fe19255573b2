import AlertRules
import SelfMetrics
import Synchronization
import TelemetryModel
import Testing

@testable import Alerting

struct EvaluationTests {
    static let rules = """
        groups:
        - name: g
          limit: 2
          query_offset: 10s
          rules:
          - record: fleet:cpu
            expr: avg(cpu)
            labels: {unit: percent, zone: ""}
          - alert: Hot
            expr: cpu > 90
        """

    static func series(_ pairs: KeyValuePairs<String, String>) -> LabelSet { LabelSet(pairs) }

    @Test func recordsResultsAndStaleMarkers() async throws {
        let platform = FakePlatform()
        let service = try Harness.service(EvaluationTests.rules, platform)
        platform.set("avg(cpu)", [RuleSample(LabelSet(["zone": "a", "kind": "x"]), 5)])
        platform.set("cpu > 90", [Harness.sample("web")])
        try await service.evaluate(minute: 1)
        let at = Harness.start + 50_000
        #expect(platform.queries.withLock { $0.map(\.time) } == [at, at], "query_offset")
        let average = Self.series(["__name__": "fleet:cpu", "kind": "x", "unit": "percent"])
        let firing = Self.series([
            "__name__": "ALERTS", "alertname": "Hot", "alertstate": "firing", "source_id": "web",
        ])
        let since = Self.series(["__name__": "ALERTS_FOR_STATE", "alertname": "Hot", "source_id": "web"])
        #expect(
            platform.recorded.withLock { $0 } == [
                RecordedSample(labels: average, timestamp: at, value: 5),
                RecordedSample(labels: firing, timestamp: at, value: 1),
                RecordedSample(labels: since, timestamp: at, value: Double(Harness.start + 60_000) / 1000),
            ])

        platform.recorded.withLock { $0 = [] }
        platform.set("avg(cpu)", [])
        platform.set("cpu > 90", [])
        try await service.evaluate(minute: 2)
        let recorded = platform.recorded.withLock { $0 }
        #expect(recorded.allSatisfy(\.isStaleMarker) && Set(recorded.map(\.labels)) == [average, firing, since])
        platform.recorded.withLock { $0 = [] }
        try await service.evaluate(minute: 3)
        #expect(platform.recorded.withLock { $0.isEmpty }, "a series ends once")
    }

    @Test func failureOfOneRuleDoesNotStopTheOthers() async throws {
        let platform = FakePlatform()
        let metrics = MetricsRegistry()
        let service = try Harness.service(EvaluationTests.rules, platform, metrics: metrics)
        platform.set("cpu > 90", [Harness.sample("web")])
        platform.failing.withLock { $0 = ["avg(cpu)"] }
        try await service.evaluate(minute: 1)
        var rules = service.groups[0].snapshot.rules
        #expect(rules.map(\.health) == [.failing, .ok] && rules[0].lastError == "no answer")
        #expect(rules[1].alerts.state == .firing)

        platform.failing.withLock { $0 = ["cpu > 90"] }
        try await service.evaluate(minute: 2)
        rules = service.groups[0].snapshot.rules
        #expect(rules.map(\.health) == [.ok, .failing] && rules[0].lastError == nil)
        #expect(rules[1].alerts.state == .firing, "an alert whose rule cannot be evaluated stays as it is")
        #expect(metrics.render().contains("\nheliograph_rule_evaluation_failures_total 2\n"))
        #expect(metrics.render().contains("\nheliograph_alerts{state=\"firing\"} 1\n"))
    }

    @Test func limitsAndClashesAreErrors() async throws {
        let platform = FakePlatform()
        let service = try Harness.service(EvaluationTests.rules, platform)
        platform.set("avg(cpu)", [RuleSample(LabelSet(["zone": "a"]), 1), RuleSample(LabelSet(["zone": "b"]), 2)])
        platform.set("cpu > 90", [Harness.sample("a"), Harness.sample("b"), Harness.sample("c")])
        try await service.evaluate(minute: 1)
        let errors = service.groups[0].snapshot.rules.map { $0.lastError ?? "" }
        #expect(errors[0].contains("become the same series") && errors[1].contains("over its group's limit of 2"))
        #expect(platform.recorded.withLock { $0.isEmpty })
    }

    @Test func everyRuleOfOneNameIsInOneNotification() async throws {
        let platform = FakePlatform()
        let receiver = WebhookReceiver(name: "r", url: "http://127.0.0.1:1/")
        let rules = """
            groups:
            - name: g
              rules:
              - {alert: Hot, expr: a, labels: {severity: warning}}
              - {alert: Hot, expr: b, labels: {severity: page}}
            """
        let service = try Harness.service(rules, platform, receivers: [receiver, receiver])
        platform.set("a", [Harness.sample("web")])
        try await service.evaluate(minute: 1)
        platform.set("b", [Harness.sample("web")])
        try await service.evaluate(minute: 2)
        try #require(service.queued.count == 1)
        #expect(service.queued[0].notification.firing.compactMap { $0.labels["severity"] } == ["warning", "page"])
    }

    @Test func savesOnlyWhatChangedAndTriesAgain() async throws {
        let platform = FakePlatform()
        let store = MemoryStateStore()
        let service = try Harness.service(Harness.hot, platform, store: store)
        try await service.evaluate(minute: 1)
        #expect(store.saves.withLock { $0 } == 0, "nothing to remember")
        store.isFull.withLock { $0 = true }
        platform.set("cpu > 90", [Harness.sample("web")])
        try await service.evaluate(minute: 2)
        #expect(store.records.withLock { $0.isEmpty } && service.groups[0].snapshot.rules[0].alerts.state == .pending)
        store.isFull.withLock { $0 = false }
        await service.flushState()
        #expect(store.records.withLock { Array($0.keys) } == ["group/rules/fleet.yml;fleet"])
        platform.set("cpu > 90", [])
        try await service.evaluate(minute: 3)
        #expect(store.records.withLock { $0.isEmpty }, "nothing is left to remember")
    }
}
