import Foundation
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
        limits.timeout = settings.query.timeout
        return QueryEnvironment(
            store: store, engineOptions: engineOptions,
            kpis: KPICalculator(store: store, engine: engine, definitions: try kpiDefinitions()), work: queryWork,
            limits: limits, build: BuildInfo(version: Heliograph.version), metrics: QueryMetrics(metrics),
            barrier: { await processor.waitUntilVisible() },
            progress: {
                PipelineProgress(
                    received: log.readTotals { received, _ in received.values.reduce(0, +) },
                    appliedOffset: processor.appliedOffset)
            })
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
