import AdminAPI
import Alerting
import Dashboard
import Forwarder
import HTTPSupport
import Hummingbird
import HummingbirdCore
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
/// - Parameters:
///   - certificates: to speak TLS with; nil for plain HTTP.
///   - onListening: called with the bound address, when requests are taken.
func buildApplication(
    platform: Platform, queries: QueryEnvironment, alerting: AlertingService, forwarding: Forwarding? = nil,
    certificates: CertificateFiles? = nil,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    listeningApplication(
        platform, buildRouter(platform: platform, queries: queries, alerting: alerting, forwarding: forwarding),
        platform.settings.listen, certificates, onListening)
}

/// The application at `ingest.otlp.listen`: nothing but what takes OpenTelemetry's metrics and logs.
func buildOTLPApplication(
    platform: Platform, address: ListenAddress, certificates: CertificateFiles? = nil,
    onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
) -> some ApplicationProtocol {
    let router = guardedRouter(platform) { addOTLPRoutes(to: $0, environment: platform.ingestionEnvironment) }
    return listeningApplication(platform, router, address, certificates, onListening)
}

/// Every route, behind what all of them share.
func buildRouter(
    platform: Platform, queries: QueryEnvironment, alerting: AlertingService, forwarding: Forwarding? = nil
) -> Router<AppContext> {
    guardedRouter(platform) { router in
        addIngestionRoutes(to: router, environment: platform.ingestionEnvironment, work: platform.queryWork)
        SessionRoutes(gate: platform.access.gate, isSecure: platform.settings.tls.isOn).add(to: router)
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
        addForwardRoute(to: router, forwarding: forwarding)
        addDashboardRoutes(to: router)
        OperationsRoutes(platform: platform).add(to: router)
        addReloadRoute(to: router, reloads: platform.reloads, logger: platform.logger)
    }
}

/// A router with the middleware that requests go through at every address.
private func guardedRouter(_ platform: Platform, _ addRoutes: (Router<AppContext>) -> Void) -> Router<AppContext> {
    let router = Router(context: AppContext.self)
    let unknownRoutes = UnknownRouteMiddleware()
    router.addMiddleware {
        CompressionMiddleware()
        CrossOriginMiddleware()
        unknownRoutes
        AccessMiddleware(gate: platform.access.gate, scopes: .all) { IngestionRefusal.response($0, to: $1) }
    }
    addRoutes(router)
    unknownRoutes.learn(router.routes)
    return router
}

private func listeningApplication(
    _ platform: Platform, _ router: Router<AppContext>, _ address: ListenAddress, _ certificates: CertificateFiles?,
    _ onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void
) -> some ApplicationProtocol {
    let idle = TimeAmount.nanoseconds(Int64(platform.settings.ingest.idleTimeout.seconds * 1e9))
    var logger = platform.logger
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
        router: router,
        server: .platform(
            .init(
                additionalChannelHandlers: [ClientWatch(), SlowReaderLimit(patience: idle)], idleTimeout: idle),
            certificates),
        configuration: .init(
            address: .hostname(address.host, port: address.port), serverName: "heliograph"),
        onServerRunning: { channel in await onListening(address.host, channel.localAddress?.port ?? address.port) },
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
