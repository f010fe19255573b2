import AdminAPI
import Alerting
import Dashboard
import HTTPSupport
import Hummingbird
import HummingbirdCore
import IngestionAPI
import Logging
import NIOCore
import Processor
import QueryAPI
import SelfMetrics
import Settings

/// The HTTP application: every route over one platform. It serves `main` and the tests alike.
///
/// - Parameters:
///   - certificates: to speak TLS with; nil for plain HTTP.
///   - onListening: called with the bound address, when requests are taken.
func buildApplication(
    platform: Platform, queries: QueryEnvironment, alerting: AlertingService, certificates: CertificateFiles? = nil,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    let settings = platform.settings
    let router = buildRouter(platform: platform, queries: queries, alerting: alerting)
    let idle = TimeAmount.nanoseconds(Int64(settings.ingest.idleTimeout.seconds * 1e9))
    var logger = platform.logger
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
        router: router,
        server: .platform(
            .init(
                additionalChannelHandlers: [ClientWatch(), SlowReaderLimit(patience: idle)], idleTimeout: idle),
            certificates),
        configuration: .init(
            address: .hostname(settings.listen.host, port: settings.listen.port), serverName: "heliograph"),
        onServerRunning: { channel in
            await onListening(settings.listen.host, channel.localAddress?.port ?? settings.listen.port)
        },
        logger: logger)
}

extension HTTPServerBuilder {
    /// HTTP/1.1, over TLS if there are certificates.
    fileprivate static func platform(
        _ configuration: HTTP1Channel.Configuration, _ certificates: CertificateFiles?
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let plain = HTTP1Channel(responder: responder, configuration: configuration)
            guard let certificates else { return plain }
            return TLSServerChannel(base: plain, certificates: certificates)
        }
    }
}

/// Every route, behind what all of them share.
func buildRouter(platform: Platform, queries: QueryEnvironment, alerting: AlertingService) -> Router<AppContext> {
    let settings = platform.settings
    let router = Router(context: AppContext.self)
    let unknownRoutes = UnknownRouteMiddleware()
    router.addMiddleware {
        CompressionMiddleware()
        CrossOriginMiddleware()
        unknownRoutes
        AccessMiddleware(gate: platform.access.gate, scopes: .all) { IngestionRefusal.response($0, to: $1) }
    }
    var ingestion = IngestionEnvironment(
        decoders: platform.decoders, log: platform.log, metrics: IngestionMetrics(platform.metrics),
        maximumBodyBytes: settings.ingest.maxBodyBytes, requestTimeout: settings.ingest.requestTimeout,
        isBehind: { platform.processor.isBehind },
        waitUntilStored: { await platform.processor.waitUntilApplied($0) })
    ingestion.limiter = platform.access.limiter
    addIngestionRoutes(to: router, environment: ingestion, work: platform.queryWork)
    SessionRoutes(gate: platform.access.gate, isSecure: settings.tls.isOn).add(to: router)
    addQueryRoutes(to: router, environment: queries)
    addAdminRoutes(
        to: router,
        environment: AdminEnvironment(
            log: platform.log, store: platform.store, processor: platform.processor, work: platform.queryWork,
            barrier: platform.readBarrier, now: queries.now))
    addAlertingRoutes(to: router, service: alerting)
    addDashboardRoutes(to: router)
    OperationsRoutes(platform: platform).add(to: router)
    unknownRoutes.learn(router.routes)
    return router
}
