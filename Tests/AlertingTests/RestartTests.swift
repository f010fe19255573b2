import AlertRules
import EmbeddedStore
import TelemetryModel
import Testing

@testable import Alerting

/// The same database under one service after another, each left without ceremony, as by kill -9.
@Suite(.timeLimit(.minutes(2)))
struct RestartTests {
    static let receiver = WebhookReceiver(name: "ops", url: "http://127.0.0.1:1/hook")

    func service(
        _ folder: String, _ platform: FakePlatform, minute: Int64, rules: String = Harness.hot,
        receivers: [WebhookReceiver] = [receiver]
    ) throws -> AlertingService {
        try Harness.service(
            rules, platform, store: DatabaseStateStore(database: AlertStateDatabase(folder: folder)),
            clock: ManualClock(Harness.start + minute * Harness.minute), receivers: receivers)
    }

    @Test func pendingKeepsItsTime() async throws {
        try await Harness.withFolder { folder in
            let platform = FakePlatform()
            platform.set("cpu > 90", [Harness.sample("web")])
            try await service(folder, platform, minute: 0).evaluate(minute: 1)
            let second = try service(folder, platform, minute: 2)
            #expect(
                second.groups[0].snapshot.rules[0].alerts.active.map(\.activeAt) == [Harness.start + Harness.minute])
            try await second.evaluate(minute: 2)
            #expect(second.queued.isEmpty)
            try await second.evaluate(minute: 3)
            #expect(second.queued.map { $0.notification.firing.count } == [1], "two minutes after the first evaluation")
        }
    }

    @Test func pendingWaitsAnewAfterALongOutage() async throws {
        try await Harness.withFolder { folder in
            let platform = FakePlatform()
            platform.set("cpu > 90", [Harness.sample("web")])
            try await service(folder, platform, minute: 0).evaluate(minute: 1)
            let second = try service(folder, platform, minute: 90)
            try await second.evaluate(minute: 91)
            #expect(second.groups[0].snapshot.rules[0].alerts.state == .pending)
        }
    }

    @Test func firingIsNotNewAgain() async throws {
        try await Harness.withFolder { folder in
            let platform = FakePlatform()
            platform.set("cpu > 90", [Harness.sample("web")])
            let catcher = WebhookCatcher()
            try await catcher.serve { url in
                let first = try service(
                    folder, platform, minute: 0, receivers: [WebhookReceiver(name: "ops", url: url)])
                for minute in 1...3 as ClosedRange<Int64> { try await first.evaluate(minute: minute) }
                try await DeliveryTests.running(first) {
                    #expect(await catcher.next()?.status == "firing")
                    // The next delivery begins after this one is settled.
                    try await first.evaluate(minute: 4)
                    while !first.queued.isEmpty { await Task.yield() }
                    await first.flushState()
                }
            }
            let second = try service(folder, platform, minute: 5)
            #expect(second.queued.isEmpty)
            try await second.evaluate(minute: 5)
            #expect(second.queued.isEmpty && second.groups[0].snapshot.rules[0].alerts.state == .firing)
            platform.set("cpu > 90", [])
            try await second.evaluate(minute: 6)
            #expect(second.queued.map { $0.notification.resolved.count } == [1])
        }
    }

    @Test func undeliveredNotificationsSurvive() async throws {
        try await Harness.withFolder { folder in
            let platform = FakePlatform()
            platform.set("cpu > 90", [Harness.sample("web")])
            let first = try service(folder, platform, minute: 0)
            for minute in 1...3 as ClosedRange<Int64> { try await first.evaluate(minute: minute) }
            #expect(first.queued.count == 1)

            let catcher = WebhookCatcher()
            try await catcher.serve { url in
                let second = try service(
                    folder, platform, minute: 4, receivers: [WebhookReceiver(name: "ops", url: url)])
                #expect(
                    second.queued
                        == first.queued.map { entry in
                            var entry = entry
                            entry.notBefore = min(entry.notBefore, Harness.start + 4 * Harness.minute)
                            return entry
                        })
                try await DeliveryTests.running(second) {
                    #expect(await catcher.next()?.alerts.map(\.labels["source_id"]) == ["web"])
                    while !second.queued.isEmpty { await Task.yield() }
                    await second.flushState()
                }
            }
            #expect(try service(folder, platform, minute: 5).queued.isEmpty)
        }
    }

    @Test func alertOfARuleThatIsGoneIsResolved() async throws {
        try await Harness.withFolder { folder in
            let platform = FakePlatform()
            platform.set("cpu > 90", [Harness.sample("web")])
            let first = try service(folder, platform, minute: 0, receivers: [])
            for minute in 1...3 as ClosedRange<Int64> { try await first.evaluate(minute: minute) }
            let second = try service(folder, platform, minute: 4, rules: "groups: [{name: other}]")
            try #require(second.queued.count == 1)
            let notification = second.queued[0].notification
            #expect(notification.firing.isEmpty && notification.topic.alertName == "Hot")
            #expect(notification.resolved.map(\.endsAt) == [Harness.start + 4 * Harness.minute])
            await second.flushState()
            let third = try service(folder, platform, minute: 5, rules: "groups: [{name: other}]")
            #expect(third.queued.count == 1, "told once")
        }
    }

    @Test func unreadableRecordsDoNotStopTheStart() async throws {
        try await Harness.withFolder { folder in
            let database = try AlertStateDatabase(folder: folder)
            try database.save([
                "group/rules/fleet.yml;fleet": [0x7B], "notification/ops/x": Array("{\"version\":99}".utf8), "odd": [],
            ])
            let service = try service(folder, FakePlatform(), minute: 0)
            #expect(service.queued.isEmpty)
            #expect(try database.load().count == 3, "what cannot be read is kept")
        }
    }

    @Test func databaseKeepsWhatWasSaved() async throws {
        try await Harness.withFolder { folder in
            let first = try AlertStateDatabase(folder: folder)
            try first.save(["a": [1, 0, 255], "b": [], "ü/;": Array("x".utf8)])
            try first.save(["a": [2], "b": nil])
            let second = try AlertStateDatabase(folder: folder)
            #expect(try second.load() == ["a": [2], "ü/;": Array("x".utf8)])
            try first.close()
            #expect(throws: (any Error).self) { try first.save(["c": [1]]) }
        }
    }
}
