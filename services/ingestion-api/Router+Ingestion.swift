package import HTTPSupport
package import Hummingbird

/// What takes telemetry, one route a protocol, and what is done with dead letters.
package func addIngestionRoutes(
    to router: Router<AppContext>, environment: IngestionEnvironment, work: BlockingWork
) {
    let intake = TelemetryIntake(environment: environment)
    let telemetry = TelemetryRoute(intake: intake)
    router.post("/api/v1/telemetry") { request, _ in try await telemetry.handle(request) }
    let remoteWrite = RemoteWriteRoute(intake: intake)
    router.post("/api/v1/write") { request, _ in try await remoteWrite.handle(request) }
    InfluxRoutes().add(to: router, intake)
    let exposition = ExpositionRoute(intake: intake)
    router.post("/api/v1/import/prometheus") { request, _ in try await exposition.handle(request) }
    addPushgatewayRoutes(to: router, intake: intake)
    addOTLPRoutes(to: router, environment: environment)
    DeadLetterRoutes(environment: environment, work: work).add(to: router)
}

/// What takes OpenTelemetry's metrics and logs; alone at `ingest.otlp.listen`.
package func addOTLPRoutes(to router: Router<AppContext>, environment: IngestionEnvironment) {
    let intake = TelemetryIntake(environment: environment)
    for signal in [OTLPSignal.metrics, .logs] {
        let route = OTLPRoute(signal: signal, intake: intake)
        for path in signal.paths {
            router.post(RouterPath(path)) { request, _ in try await route.handle(request) }
        }
    }
}
