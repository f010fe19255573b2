import Alerting
import EmbeddedStore
import Foundation
import HTTPSupport
import IngestLog
import IngestionAPI
import KPIAnalytics
import Logging
import Processing
import Processor
import PromQLEngine
import QueryAPI
import Scraper
import SelfMetrics
import Settings
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// The parts of a running server, put together in one place.
struct Platform: Sendable {
    let settings: HeliographSettings
    let folder: DataFolder
    let log: IngestLog
    let store: EmbeddedStore
    let processor: Processor
    let decoders: IngestionDecoders
    let ingestionMetrics: IngestionMetrics
    let engine: PromQLEngine
    let engineOptions: EngineOptions
    let metrics: MetricsRegistry
    let scraper: ScrapeService
    /// What SIGHUP and `POST /-/reload` read again.
    let reloads = Reloads()
    let access: PlatformAccess
    let queryWork: BlockingWork
    let logger: Logger
    /// Nil without a pipeline file.
    let pipelineReload: PipelineReload?
    let startedAt = ContinuousClock.now

    /// Opens the data folder; ingestion could begin when this returns, while `processor.start()` reads the log back.
    ///
    /// - Parameter flushesAtStop: whether `close` writes all of memory into blocks.
    init(settings: HeliographSettings, logger: Logger, flushesAtStop: Bool = true) throws {
        self.settings = settings
        self.logger = logger
        folder = try DataFolder(settings.data.dir)
        let registry = SeriesRegistry(
            limit: settings.ingest.maxSeries, limitPerSource: settings.ingest.maxSeriesPerSource)
        var limits = LogLimits()
        limits.maximumPendingBytes = settings.log.maxPendingBytes
        limits.maximumGroupRecords = settings.log.maxGroupRecords
        limits.maximumDeadLetterBytes = settings.deadLetters.maxBytes
        limits.metadata.families = settings.ingest.maxMetadataFamilies
        log = try IngestLog(folder: folder.path, registry: registry, limits: limits)
        store = try EmbeddedStore(
            dataFolder: folder.path, retention: StoreRetention(settings.retention),
            exemplars: ExemplarLimits(settings.exemplars))
        for block in store.damagedBlocks {
            logger.critical(
                "a damaged block was set aside", metadata: ["file": "\(block.file)", "reason": "\(block.reason)"])
        }
        let pipeline = try Platform.pipeline(settings.pipeline.file)
        var options = Processor.Options()
        options.flushesAtStop = flushesAtStop
        options.flushPolicy.graceMilliseconds = Int64(settings.head.grace.seconds * 1000)
        options.flushPolicy.maximumBackfillBytes = settings.head.backfillBytes
        processor = try Processor(
            log: log, store: store, pipeline: pipeline?.reading.source ?? .empty, options: options, logger: logger)
        decoders = IngestionDecoders(
            registry: registry, maximumRecords: settings.ingest.maxRecords,
            otlp: OTLPTranslation(
                promotedResourceAttributes: settings.ingest.otlpPromotedResourceAttributes,
                promotesScope: settings.ingest.otlpPromotesScope,
                promotedLogAttributes: settings.ingest.otlpPromotedLogAttributes),
            textFields: settings.ingest.lineProtocolTextFields,
            graphiteTemplates: settings.graphite.templates.compactMap { GraphiteTemplate($0) })
        var engineOptions = EngineOptions()
        engineOptions.lookbackDelta = Int64(settings.query.lookbackDelta.seconds * 1000)
        self.engineOptions = engineOptions
        engine = PromQLEngine(store: store, options: engineOptions)
        metrics = MetricsRegistry()
        ingestionMetrics = IngestionMetrics(metrics)
        access = try PlatformAccess(settings: settings, registry: registry, metrics: metrics, logger: logger)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        queryWork = BlockingWork(label: "query", width: settings.query.threads > 0 ? settings.query.threads : cores)
        pipelineReload = pipeline.map { [processor, queryWork] in
            PipelineReload($0.file, reading: $0.reading, processor: processor, work: queryWork, logger: logger)
        }
        if let pipelineReload { reloads.register("pipeline.file") { _ = try await pipelineReload.reload() } }
        scraper = ScrapeService(
            ScrapeEnvironment(
                log: log, metrics: metrics, logger: logger, maximumRecords: settings.ingest.maxRecords,
                version: Heliograph.version, isBehind: { [processor] in processor.isBehind }))
        PlatformMetrics(log: log, store: store, processor: processor).register(in: metrics)
    }

    /// - Throws: `CommandFailure` that names everything that is wrong with the file.
    private static func pipeline(_ path: String) throws -> (file: PipelineFile, reading: PipelineFile.Reading)? {
        guard !path.isEmpty else { return nil }
        let file = PipelineFile(path: path)
        do {
            return (file, try file.read())
        } catch {
            throw CommandFailure("the pipeline cannot be used:\n\(error)")
        }
    }

    /// Commits and processes what was accepted, then closes the files.
    func close() throws {
        log.stopAccepting()
        processor.stop()
        try access.close()
        try log.close()
    }

    /// What routes need that take telemetry.
    var ingestionEnvironment: IngestionEnvironment {
        var environment = IngestionEnvironment(
            decoders: decoders, log: log, metrics: ingestionMetrics, maximumBodyBytes: settings.ingest.maxBodyBytes,
            requestTimeout: settings.ingest.requestTimeout, isBehind: { [processor] in processor.isBehind },
            waitUntilStored: { [processor] offset in await processor.waitUntilApplied(offset) })
        environment.limiter = access.limiter
        return environment
    }

    func budget() -> QueryBudget {
        QueryBudget(
            samples: settings.query.maxSamples, series: settings.query.maxSeries, memory: settings.query.maxMemory,
            timeout: settings.query.timeout)
    }
}
