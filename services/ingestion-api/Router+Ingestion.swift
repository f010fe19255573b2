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
    let otlp = OTLPRoute(intake: intake)
    // The second one is Prometheus'.
    for path in ["/v1/metrics", "/api/v1/otlp/v1/metrics"] as [RouterPath] {
        router.post(path) { request, _ in try await otlp.handle(request) }
    }
    DeadLetterRoutes(environment: environment, work: work).add(to: router)
}
