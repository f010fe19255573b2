import AlertRules
import EmbeddedStore
import Foundation
import Logging
import SelfMetrics
import Synchronization
import TelemetryModel

@testable import Alerting

/// The store that the executable uses, seen as alerting's port. (A wrapper: the executable has the conformance itself.)
struct DatabaseStateStore: AlertStateStore {
    let database: AlertStateDatabase

    func load() throws -> [String: [UInt8]] { try database.load() }
    func save(_ changes: [String: [UInt8]?]) throws { try database.save(changes) }
}

final class MemoryStateStore: AlertStateStore {
    struct Full: Error {}

    let records = Mutex<[String: [UInt8]]>([:])
    let isFull = Mutex(false)
    let saves = Mutex(0)

    func load() throws -> [String: [UInt8]] { records.withLock { $0 } }

    func save(_ changes: [String: [UInt8]?]) throws {
        if isFull.withLock({ $0 }) { throw Full() }
        saves.withLock { $0 += 1 }
        records.withLock { records in
            for (key, bytes) in changes { records[key] = bytes }
        }
    }
}

/// What the rules see, and what they recorded.
final class FakePlatform: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let results = Mutex<[String: [RuleSample]]>([:])
    let failing = Mutex<Set<String>>([])
    let queries = Mutex<[(expression: String, time: Int64)]>([])
    let recorded = Mutex<[RecordedSample]>([])

    func set(_ expression: String, _ samples: [RuleSample]) { results.withLock { $0[expression] = samples } }

    func ports(_ store: any AlertStateStore, _ clock: any AlertingClock) -> AlertingService.Ports {
        AlertingService.Ports(
            evaluate: { [self] expression, time in
                queries.withLock { $0.append((expression, time)) }
                if failing.withLock({ $0.contains(expression) }) { throw Failure(description: "no answer") }
                return results.withLock { $0[expression] ?? [] }
            },
            record: { [self] samples in recorded.withLock { $0 += samples } },
            store: store, clock: clock)
    }
}

enum Harness {
    static let minute: Int64 = 60_000
    /// 2026-01-01T00:00:00Z
    static let start: Int64 = 1_767_225_600_000

    static let hot = """
        groups:
        - name: fleet
          interval: 1m
          rules:
          - alert: Hot
            expr: cpu > 90
            for: 2m
            labels: {severity: page}
            annotations: {summary: "{{ $labels.source_id }} at {{ $value }}"}
        """

    static func sample(_ source: String, _ value: Double = 95) -> RuleSample {
        RuleSample(LabelSet(["__name__": "cpu", "source_id": source]), value)
    }

    static var silent: Logger {
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        return logger
    }

    static func service(
        _ rules: String, _ platform: FakePlatform, store: any AlertStateStore = MemoryStateStore(),
        clock: any AlertingClock = ManualClock(start), receivers: [WebhookReceiver] = [],
        metrics: MetricsRegistry = MetricsRegistry(), _ configure: (inout AlertingConfiguration) -> Void = { _ in }
    ) throws -> AlertingService {
        var configuration = AlertingConfiguration()
        configuration.receivers = receivers
        configuration.externalURL = "https://heliograph.example"
        configure(&configuration)
        return try AlertingService(
            configuration: configuration, rules: [RuleFile.parse(rules, path: "rules/fleet.yml")],
            ports: platform.ports(store, clock), metrics: metrics, logger: silent)
    }

    /// A folder that is removed afterwards.
    static func withFolder<Result>(_ use: (String) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "alerting-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await use(folder.path)
    }
}

extension AlertingService {
    /// Evaluates the first group at a number of minutes after `Harness.start`.
    func evaluate(minute: Int64) async throws {
        try await evaluate(groups[0], at: Harness.start + minute * Harness.minute)
    }

    var queued: [NotificationOutbox.Entry] {
        outbox.withLock { $0.entries.values.sorted { $0.key.receiver < $1.key.receiver } }
    }
}
