import AdminAPI
import Alerting
import Dashboard
import HTTPSupport
import Hummingbird
import IngestionAPI
import Logging
import NIOCore
import Processor
import QueryAPI
import Scraper
import SelfMetrics
import Settings

/// The HTTP application: every route over one platform. It serves `main` and the tests alike.
///
/// - Parameter onListening: called with the bound address, when requests are taken.
func buildApplication(
    platform: Platform, queries: QueryEnvironment, alerting: AlertingService,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    let router = buildRouter { router in
        addIngestionRoutes(to: router, environment: platform.ingestionEnvironment, work: platform.queryWork)
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
        addTargetRoutes(to: router, service: platform.scraper)
        addDashboardRoutes(to: router)
        OperationsRoutes(platform: platform).add(to: router)
        addReloadRoute(to: router, reloads: platform.reloads, logger: platform.logger)
    }
    return listeningApplication(platform, router, platform.settings.listen, onListening)
}

/// The application at `ingest.otlp.listen`: nothing but what takes OpenTelemetry's metrics and logs.
func buildOTLPApplication(
    platform: Platform, address: ListenAddress,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    let router = buildRouter { addOTLPRoutes(to: $0, environment: platform.ingestionEnvironment) }
    return listeningApplication(platform, router, address, onListening)
}

/// A router with the middleware that requests go through at every address.
private func buildRouter(_ addRoutes: (Router<AppContext>) -> Void) -> Router<AppContext> {
    let router = Router(context: AppContext.self)
    let unknownRoutes = UnknownRouteMiddleware()
    router.addMiddleware {
        CompressionMiddleware()
        CrossOriginMiddleware()
        unknownRoutes
    }
    addRoutes(router)
    unknownRoutes.learn(router.routes)
    return router
}

private func listeningApplication(
    _ platform: Platform, _ router: Router<AppContext>, _ address: ListenAddress,
    _ onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void
) -> some ApplicationProtocol {
    let settings = platform.settings
    let idle = TimeAmount.nanoseconds(Int64(settings.ingest.idleTimeout.seconds * 1e9))
    var logger = platform.logger
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
        router: router,
        server: .http1(configuration: .init(additionalChannelHandlers: [ClientWatch()], idleTimeout: idle)),
        configuration: .init(
            address: .hostname(address.host, port: address.port), serverName: "heliograph"),
        onServerRunning: { channel in await onListening(address.host, channel.localAddress?.port ?? address.port) },
        logger: logger)
}
