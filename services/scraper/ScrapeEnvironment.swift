package import IngestLog
package import Logging
package import SelfMetrics
import Synchronization
import WireFormats

/// What scraping needs of the rest.
package struct ScrapeEnvironment: Sendable {
    package let log: IngestLog
    package let logger: Logger
    /// True while more waits to be processed than may.
    package let isBehind: @Sendable () -> Bool
    /// Of this server, for `User-Agent`.
    package let version: String
    let decoder: ExpositionDecoder
    let metrics: ScrapeMetrics
    let loops = LoopDirectory()
    let slots: FetchSlots
    let senders = SenderNumbers()

    package init(
        log: IngestLog, metrics: MetricsRegistry, logger: Logger, maximumRecords: Int, version: String,
        isBehind: @escaping @Sendable () -> Bool
    ) {
        self.log = log
        self.logger = logger
        self.isBehind = isBehind
        self.version = version
        decoder = ExpositionDecoder(registry: log.registry, maximumRecords: maximumRecords)
        slots = FetchSlots(count: 256)
        self.metrics = ScrapeMetrics(metrics, loops: loops)
    }
}

/// A number for each loop, by which its series are told from those of others in the decoder's cache.
final class SenderNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// All loops that run. Thread-safe.
final class LoopDirectory: Sendable {
    private let loops = Mutex<[ObjectIdentifier: TargetLoop]>([:])

    var all: [TargetLoop] { loops.withLock { Array($0.values) } }

    func insert(_ loop: TargetLoop) { loops.withLock { $0[ObjectIdentifier(loop)] = loop } }
    func remove(_ loop: TargetLoop) { _ = loops.withLock { $0.removeValue(forKey: ObjectIdentifier(loop)) } }
}

/// What scraping counts.
struct ScrapeMetrics: Sendable {
    let scrapes: Counter
    let failures: Counter
    let samples: Counter
    let exemplars: Counter
    let rejectedExemplars: Counter
    let duration: LatencyHistogram

    init(_ registry: MetricsRegistry, loops: LoopDirectory) {
        scrapes = registry.counter("heliograph_scrapes_total", help: "Scrapes of targets.")
        failures = registry.counter("heliograph_scrape_failures_total", help: "Scrapes that brought nothing.")
        samples = registry.counter(
            "heliograph_scrape_samples_total", help: "Samples that scrapes brought, after relabelling.")
        exemplars = registry.counter("heliograph_scrape_exemplars_total", help: "Exemplars that scrapes brought.")
        rejectedExemplars = registry.counter(
            "heliograph_scrape_rejected_exemplars_total",
            help: "Exemplars that scrapes brought and that are left out because something is wrong with them.")
        duration = registry.histogram(
            "heliograph_scrape_duration_seconds", help: "Of a scrape, until its samples are read.")
        registry.register("heliograph_scrape_targets", .gauge, help: "Targets that are scraped.") {
            let all = loops.all
            return ["up", "down", "unknown"].map { health in
                MetricsRegistry.Reading(
                    Double(all.count { $0.status.health.rawValue == health }), labels: [("health", health)])
            }
        }
    }
}
