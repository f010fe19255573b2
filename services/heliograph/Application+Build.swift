import AdminAPI
import Alerting
import Dashboard
import Forwarder
import HTTPSupport
import Hummingbird
import IngestionAPI
import Logging
import NIOCore
import Processor
import QueryAPI
import SelfMetrics
import Settings

/// The HTTP application: every route over one platform. It serves `main` and the tests alike.
///
/// - Parameter onListening: called with the bound address, when requests are taken.
func buildApplication(
    platform: Platform, queries: QueryEnvironment, alerting: AlertingService, forwarding: Forwarding? = nil,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    let settings = platform.settings
    let router = Router(context: AppContext.self)
    let unknownRoutes = UnknownRouteMiddleware()
    router.addMiddleware {
        CompressionMiddleware()
        CrossOriginMiddleware()
        unknownRoutes
    }
    addIngestionRoutes(
        to: router,
        environment: IngestionEnvironment(
            decoders: platform.decoders, log: platform.log, metrics: IngestionMetrics(platform.metrics),
            maximumBodyBytes: settings.ingest.maxBodyBytes, requestTimeout: settings.ingest.requestTimeout,
            isBehind: { platform.processor.isBehind },
            waitUntilStored: { await platform.processor.waitUntilApplied($0) }),
        work: platform.queryWork)
    addQueryRoutes(to: router, environment: queries)
    addAdminRoutes(
        to: router,
        environment: AdminEnvironment(
            log: platform.log, store: platform.store, processor: platform.processor, work: platform.queryWork,
            barrier: platform.readBarrier, now: queries.now,
            reloadPipeline: {
                guard let reload = platform.pipelineReload else {
                    throw CommandFailure("there is none: pipeline.file is not set")
                }
                _ = try await reload.reload()
            }))
    addAlertingRoutes(to: router, service: alerting)
    forwarding?.addRoute(to: router)
    addDashboardRoutes(to: router)
    OperationsRoutes(platform: platform).add(to: router)
    platform.reloads.addRoutes(to: router)
    unknownRoutes.learn(router.routes)
    let idle = TimeAmount.nanoseconds(Int64(settings.ingest.idleTimeout.seconds * 1e9))
    var logger = platform.logger
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
        router: router,
        server: .http1(configuration: .init(additionalChannelHandlers: [ClientWatch()], idleTimeout: idle)),
        configuration: .init(
            address: .hostname(settings.listen.host, port: settings.listen.port), serverName: "heliograph"),
        onServerRunning: { channel in
            await onListening(settings.listen.host, channel.localAddress?.port ?? settings.listen.port)
        },
        logger: logger)
}
