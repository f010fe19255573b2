package import AlertRules
package import AsyncHTTPClient
package import Logging
package import SelfMetrics
import ServiceLifecycle
import Synchronization
import TelemetryModel

/// Evaluates rules, keeps alert states over restarts, and tells receivers.
///
/// One task per group evaluates at the group's instants; one per receiver delivers. A receiver that is down delays only its own
/// notifications. States and undelivered notifications are saved in one transaction per evaluation, so a notification is
/// delivered at least once: after a crash between a delivery and its record, a second time.
package final class AlertingService: Service {
    /// What alerting needs of the rest of the platform.
    package struct Ports: Sendable {
        /// The value of a PromQL expression at a time (milliseconds since 1970); see `RuleEvaluator`. Called from Swift's
        /// cooperative pool, so it must move blocking work to threads of its own.
        package var evaluate: @Sendable (_ expression: String, _ time: Int64) async throws -> [RuleSample]
        /// Stores what rules made. Stale markers (`RecordedSample.isStaleMarker`) say that a series ended.
        package var record: @Sendable (_ samples: [RecordedSample]) async throws -> Void
        /// Returns when stored data is complete; before, rules would see gaps and resolve alerts.
        package var waitUntilReady: @Sendable () async throws -> Void
        package var store: any AlertStateStore
        package var clock: any AlertingClock
        package var httpClient: HTTPClient

        package init(
            evaluate: @escaping @Sendable (_ expression: String, _ time: Int64) async throws -> [RuleSample],
            record: @escaping @Sendable (_ samples: [RecordedSample]) async throws -> Void,
            waitUntilReady: @escaping @Sendable () async throws -> Void = {},
            store: any AlertStateStore, clock: any AlertingClock = SystemClock(), httpClient: HTTPClient = .shared
        ) {
            self.evaluate = evaluate
            self.record = record
            self.waitUntilReady = waitUntilReady
            self.store = store
            self.clock = clock
            self.httpClient = httpClient
        }
    }

    let configuration: AlertingConfiguration
    let ports: Ports
    /// Ordered by file and name.
    let groups: [GroupProgress]
    let outbox: Mutex<NotificationOutbox>
    let writer: StateWriter
    let metrics: AlertingMetrics
    let logger: Logger
    /// By receiver's name: signalled when something was queued.
    let wakes: [String: WakeSignal]

    /// Loads the rules and takes up the stored state. Reads files: for start-up, not for the cooperative pool.
    ///
    /// Throws `RuleLoadingError`, or whatever the store throws.
    package convenience init(
        configuration: AlertingConfiguration, ports: Ports, metrics: MetricsRegistry, logger: Logger
    ) throws {
        let files = try RuleFileLoader.load(configuration.ruleFiles)
        try self.init(configuration: configuration, rules: files, ports: ports, metrics: metrics, logger: logger)
    }

    /// With rules that are already there. Of receivers with the same name, the first counts.
    package init(
        configuration: AlertingConfiguration, rules: [RuleFile], ports: Ports, metrics: MetricsRegistry, logger: Logger
    ) throws {
        var configuration = configuration
        var names: Set<String> = []
        configuration.receivers.removeAll { !names.insert($0.name).inserted }
        self.configuration = configuration
        self.ports = ports
        self.logger = logger
        self.metrics = AlertingMetrics(registry: metrics)
        writer = StateWriter(store: ports.store)
        wakes = Dictionary(uniqueKeysWithValues: configuration.receivers.map { ($0.name, WakeSignal()) })
        groups = rules.flatMap(\.groups).map { GroupProgress($0, configuration: configuration) }.sorted {
            ($0.group.file, $0.group.name) < ($1.group.file, $1.group.name)
        }
        outbox = Mutex(NotificationOutbox())
        try restore(ports.store.load())
        registerGauges(in: metrics)
    }

    /// Works until graceful shutdown or cancellation. What is under way is then given up; it is in the stored state.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { [self] in try await work() }
        } catch is CancellationError {
            logger.debug("alerting stopped")
        }
    }

    private func work() async throws {
        try await ports.waitUntilReady()
        logger.info(
            "alerting started",
            metadata: ["groups": "\(groups.count)", "receivers": "\(configuration.receivers.map(\.name))"])
        await flushState()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for group in groups { tasks.addTask { [self] in try await evaluateRepeatedly(group) } }
            for receiver in configuration.receivers {
                tasks.addTask { [self] in try await deliverRepeatedly(to: receiver) }
            }
            // Keeps the service alive when there is nothing to do.
            tasks.addTask { try await WakeSignal().wait() }
            try await tasks.waitForAll()
        }
    }

    /// Makes staged changes durable. Alerting goes on without; the changes are tried again with the next ones.
    func flushState() async {
        do {
            try await writer.flush()
        } catch {
            metrics.failedSaves.add()
            logger.error("alert states cannot be saved; trying again", metadata: ["error": "\(error)"])
        }
    }
}
