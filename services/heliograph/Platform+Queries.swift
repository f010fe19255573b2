import Foundation
import HTTPSupport
import IngestLog
import KPIAnalytics
import Processor
import QueryAPI
import Settings

extension Platform {
    /// What the query routes work with.
    ///
    /// - Throws: `CommandFailure` if the KPI definitions cannot be read.
    func queryEnvironment() throws -> QueryEnvironment {
        var limits = QueryLimits()
        limits.samples = settings.query.maxSamples
        limits.series = settings.query.maxSeries
        limits.steps = settings.query.maxSteps
        limits.memory = settings.query.maxMemory
        limits.timeout = settings.query.timeout
        var environment = QueryEnvironment(
            store: store, engineOptions: engineOptions,
            kpis: KPICalculator(store: store, engine: engine, definitions: try kpiDefinitions()), work: queryWork,
            limits: limits, build: BuildInfo(version: Heliograph.version), metrics: QueryMetrics(metrics),
            barrier: readBarrier,
            progress: {
                PipelineProgress(
                    received: log.readTotals { received, _ in received.values.reduce(0, +) },
                    appliedOffset: processor.appliedOffset)
            })
        environment.metadata = log.metadata
        environment.configuration = { [settings] in settings.yaml }
        environment.replay = { [processor] in processor.replay.batches }
        return environment
    }

    /// What a read waits for: that everything durable is visible. While the log is read back after a start, it waits for a
    /// moment only and is then refused with the progress, as Prometheus does: a dashboard that hangs tells nobody why.
    var readBarrier: @Sendable () async throws -> Void {
        { [processor] in
            let patience = ContinuousClock.now + .seconds(1)
            while !processor.replay.isComplete {
                guard ContinuousClock.now < patience else { throw Platform.notReady(processor.replay) }
                try await Task.sleep(for: .milliseconds(10))
            }
            await processor.waitUntilVisible()
        }
    }

    private static func notReady(_ replay: ReplayProgress) -> APIError {
        APIError(
            .unavailable,
            "the log is being read back after a start: \(replay.sentence); records are taken in meanwhile, and GET /readyz "
                + "says when queries are answered",
            retryAfterSeconds: replay.secondsLeft.map { min(60, max(1, Int($0.rounded(.up)))) } ?? 1)
    }

    private func kpiDefinitions() throws -> [KPIDefinition] {
        guard !settings.kpis.dir.isEmpty else { return KPIDefinition.builtIn }
        do {
            return try KPIDefinition.load(directory: URL(fileURLWithPath: settings.kpis.dir))
        } catch {
            throw CommandFailure("kpis.dir: \(error)")
        }
    }
}
