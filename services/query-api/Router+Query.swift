package import HTTPSupport
package import Hummingbird

/// Prometheus' HTTP API for reading, and Heliograph's own: KPIs, events and the live stream.
package func addQueryRoutes(to router: Router<AppContext>, environment: QueryEnvironment) {
    let runner = QueryRunner(environment: environment)
    let queries = QueryRoutes(runner: runner)
    let labels = LabelRoutes(runner: runner)
    let status = StatusRoutes(environment: environment)
    let server = ServerStatusRoutes(environment: environment)
    let forms: [(RouterPath, @Sendable (Request, AppContext) async throws -> Response)] = [
        ("/api/v1/query", queries.instant),
        ("/api/v1/query_range", queries.range),
        ("/api/v1/format_query", queries.format),
        ("/api/v1/parse_query", queries.tree),
        ("/api/v1/query_exemplars", ExemplarRoute(runner: runner).handle),
        ("/api/v1/series", labels.series),
        ("/api/v1/labels", labels.names),
        ("/api/v1/export", ExportRoute(runner: runner).handle),
    ]
    for (path, handle) in forms {
        router.get(path, use: handle)
        router.post(path, use: handle)
    }
    router.get("/api/v1/label/:name/values", use: labels.values)
    router.post("/api/v1/read", use: RemoteReadRoute(runner: runner).handle)
    router.get("/federate", use: FederationRoute(runner: runner).handle)
    router.get("/api/v1/metadata", use: server.metadata)
    router.get("/api/v1/targets/metadata", use: server.targetMetadata)
    router.get("/api/v1/alertmanagers", use: server.alertmanagers)
    router.get("/api/v1/notifications", use: server.notifications)
    router.get("/api/v1/features", use: FeatureRoute().handle)
    router.get("/api/v1/status/config", use: server.configuration)
    router.get("/api/v1/status/walreplay", use: server.replay)
    router.get("/api/v1/status/buildinfo", use: status.buildInfo)
    router.get("/api/v1/status/runtimeinfo", use: status.runtimeInfo)
    router.get("/api/v1/status/flags", use: status.flags)
    router.get("/api/v1/kpis", use: KPIRoute(runner: runner).handle)
    router.get("/api/v1/events", use: EventRoute(runner: runner).handle)
    router.get("/api/v1/stream", use: StreamRoute(environment: environment).handle)
}
