import Foundation
package import HTTPSupport
package import KPIAnalytics
package import PromQLEngine
package import SelfMetrics
package import TelemetryModel
package import TimeSeriesStore

/// What the query routes need of the rest.
package struct QueryEnvironment: Sendable {
    package let store: any TimeSeriesStore
    package let engineOptions: EngineOptions
    package let kpis: KPICalculator
    /// The threads that queries run on.
    package let work: BlockingWork
    package let limits: QueryLimits
    package let build: BuildInfo
    package let metrics: QueryMetrics
    /// Returns when everything acknowledged before the call can be queried; throws an `APIError` when that is too far off.
    /// Awaited before every read.
    package let barrier: @Sendable () async throws -> Void
    package let progress: @Sendable () -> PipelineProgress
    /// What senders say of metrics.
    package var metadata = MetadataRegistry()
    /// The settings as YAML, without secrets.
    package var configuration: @Sendable () -> String = { "" }
    /// Batches of the log that were read back after the start, and those there were.
    package var replay: @Sendable () -> (done: Int, total: Int) = { (0, 0) }
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let now: @Sendable () -> Int64
    /// When the process began, on the same clock.
    package let startedAt: Int64

    package init(
        store: any TimeSeriesStore, engineOptions: EngineOptions, kpis: KPICalculator, work: BlockingWork,
        limits: QueryLimits = QueryLimits(), build: BuildInfo, metrics: QueryMetrics,
        barrier: @escaping @Sendable () async throws -> Void, progress: @escaping @Sendable () -> PipelineProgress,
        now: @escaping @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1000).rounded()) }
    ) {
        self.store = store
        self.engineOptions = engineOptions
        self.kpis = kpis
        self.work = work
        self.limits = limits
        self.build = build
        self.metrics = metrics
        self.barrier = barrier
        self.progress = progress
        self.now = now
        self.startedAt = now()
    }
}

/// How far ingestion is.
package struct PipelineProgress: Sendable, Equatable {
    /// Records received since the beginning of the log.
    package let received: Int
    /// The log's offset through which batches can be queried.
    package let appliedOffset: Int64

    package init(received: Int, appliedOffset: Int64) {
        self.received = received
        self.appliedOffset = appliedOffset
    }
}

/// What one query may use, and how large a request may be.
package struct QueryLimits: Sendable {
    package var samples = 50_000_000
    package var series = 1_000_000
    /// (end - start) / step of a range query.
    package var steps = 11_000
    /// Bytes.
    package var memory = Int.max
    /// The longest that a query may take; a request may ask for less.
    package var timeout = Duration.seconds(120)
    /// Of a form in a request's body.
    package var bodyBytes = 1 << 20
    /// How often the live stream ticks.
    package var streamInterval = Duration.seconds(1)
    /// A query that takes longer is given up when its client goes away.
    package var watchAfter = Duration.milliseconds(250)

    package init() {}

    /// What one query may use.
    ///
    /// - Parameter timeout: milliseconds; the configured one if that is shorter.
    func budget(timeout requested: Int64? = nil) -> QueryBudget {
        QueryBudget(
            samples: samples, series: series, memory: memory,
            timeout: min(timeout, requested.map { .milliseconds($0) } ?? timeout))
    }
}

/// What `/api/v1/status/buildinfo` says.
package struct BuildInfo: Sendable {
    /// The level of Prometheus' HTTP API and PromQL that is served. Clients compare it to learn what they may use.
    static let prometheusLevel = "3.10.0"

    /// Heliograph's own version.
    package let version: String
    package let revision: String
    package let branch: String
    package let buildDate: String

    package init(version: String, revision: String = "", branch: String = "", buildDate: String = "") {
        self.version = version
        self.revision = revision
        self.branch = branch
        self.buildDate = buildDate
    }
}

/// What the routes count.
package struct QueryMetrics: Sendable {
    let queries: Counter
    let failures: Counter
    let cancelled: Counter
    let samples: Counter
    let latency: LatencyHistogram

    package init(_ registry: MetricsRegistry) {
        queries = registry.counter("heliograph_query_requests_total", help: "Requests that read from the store.")
        failures = registry.counter("heliograph_query_failures_total", help: "Reads that ended in an error.")
        cancelled = registry.counter(
            "heliograph_query_cancelled_total", help: "Reads given up because the client went away.")
        samples = registry.counter("heliograph_query_samples_total", help: "Samples that reads went over.")
        latency = registry.histogram(
            "heliograph_query_duration_seconds",
            help: "Of a read, from its start to its result, with waiting for a thread; without sending.")
    }
}
