import AlertRules
import EmbeddedStore
import HTTPTypes
import Logging
import SelfMetrics
import ServiceLifecycle
import Synchronization
import TelemetryModel
import Testing

@testable import Alerting

/// The service as it runs, with a real receiver, over a manual clock.
@Suite(.timeLimit(.minutes(2)))
struct DeliveryTests {
    /// Runs the service while `use` runs.
    static func running(_ service: AlertingService, _ use: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await use()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func tellsAboutFiringAndResolution() async throws {
        let catcher = WebhookCatcher()
        try await catcher.serve { url in
            let platform = FakePlatform()
            let clock = ManualClock(Harness.start)
            let service = try Harness.service(
                Harness.hot, platform, clock: clock, receivers: [WebhookReceiver(name: "ops", url: url)])
            platform.set("cpu > 90", [Harness.sample("web-1", 95.5), Harness.sample("web-2", 99)])
            let first = service.groups[0].schedule.slot(after: Harness.start)
            try await DeliveryTests.running(service) {
                for step in 0...2 as ClosedRange<Int64> {
                    await clock.waitForSleepers(1)
                    clock.advance(to: first + step * Harness.minute)
                }
                let firing = try #require(await catcher.next())
                #expect(firing.version == "4" && firing.status == "firing" && firing.receiver == "ops")
                #expect(firing.groupKey == #"{rule_file="fleet.yml", rule_group="fleet"}:{alertname="Hot"}"#)
                #expect(firing.groupLabels == ["alertname": "Hot"] && firing.truncatedAlerts == 0)
                #expect(firing.commonLabels == ["alertname": "Hot", "severity": "page"])
                #expect(firing.externalURL == "https://heliograph.example")
                try #require(firing.alerts.count == 2)
                let alert = firing.alerts[0]
                #expect(alert.labels == ["alertname": "Hot", "severity": "page", "source_id": "web-1"])
                #expect(alert.annotations == ["summary": "web-1 at 95.5"] && alert.status == "firing")
                #expect(alert.startsAt == CivilTime(milliseconds: first + 2 * Harness.minute).rfc3339)
                #expect(alert.endsAt == "0001-01-01T00:00:00Z")
                #expect(alert.generatorURL == "https://heliograph.example/graph?g0.expr=cpu%20%3E%2090&g0.tab=1")
                #expect(alert.fingerprint.count == 16 && alert.fingerprint != firing.alerts[1].fingerprint)

                platform.set("cpu > 90", [])
                await clock.waitForSleepers(1)
                clock.advance(to: first + 3 * Harness.minute)
                let resolved = try #require(await catcher.next())
                #expect(resolved.status == "resolved" && resolved.alerts.map(\.status) == ["resolved", "resolved"])
                #expect(resolved.groupKey == firing.groupKey)
                #expect(resolved.alerts[0].endsAt == CivilTime(milliseconds: first + 3 * Harness.minute).rfc3339)
                #expect(resolved.alerts[0].fingerprint == alert.fingerprint)
                while !service.queued.isEmpty { await Task.yield() }
            }
        }
    }

    @Test func triesAgainAfterTheBackoff() async throws {
        let catcher = WebhookCatcher()
        catcher.answers.withLock { $0 = [.internalServerError, .tooManyRequests] }
        try await catcher.serve { url in
            let platform = FakePlatform()
            let clock = ManualClock(Harness.start)
            let service = try Harness.service(
                Harness.hot, platform, clock: clock, receivers: [WebhookReceiver(name: "ops", url: url)])
            platform.set("cpu > 90", [Harness.sample("web-1")])
            for minute in 1...3 as ClosedRange<Int64> { try await service.evaluate(minute: minute) }
            try await DeliveryTests.running(service) {
                for _ in 0..<2 {
                    _ = try #require(await catcher.next())
                    // The group and, after the failure, the receiver's worker.
                    await clock.waitForSleepers(2)
                    clock.advance(to: clock.now() + 5000)
                }
                _ = try #require(await catcher.next())
            }
            #expect(service.metrics.failedDeliveries.value == 2)
        }
    }

    @Test func receiverThatIsDownDoesNotStallEvaluation() async throws {
        let platform = FakePlatform()
        let clock = ManualClock(Harness.start)
        // Nobody listens on port 1 of this machine.
        let receiver = WebhookReceiver(name: "down", url: "http://127.0.0.1:1/hook", timeout: .milliseconds(300))
        let service = try Harness.service(Harness.hot, platform, clock: clock, receivers: [receiver])
        platform.set("cpu > 90", [Harness.sample("web-1")])
        let first = service.groups[0].schedule.slot(after: Harness.start)
        try await DeliveryTests.running(service) {
            for step in 0...10 as ClosedRange<Int64> {
                await clock.waitForSleepers(1)
                clock.advance(to: first + step * Harness.minute)
            }
            await clock.waitForSleepers(2)
        }
        #expect(service.metrics.missedIterations.value == 0)
        #expect(service.queued.map { $0.notification.firing.count } == [1])
    }

    @Test func stopsOnGracefulShutdown() async throws {
        let service = try Harness.service(Harness.hot, FakePlatform())
        let group = ServiceGroup(services: [service], logger: Harness.silent)
        async let run: Void = group.run()
        await group.triggerGracefulShutdown()
        try await run
    }
}
