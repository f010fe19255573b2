package import HTTPSupport
package import Hummingbird

/// Prometheus' HTTP API for reading, and Heliograph's own: KPIs, events and the live stream.
package func addQueryRoutes(to router: Router<AppContext>, environment: QueryEnvironment) {
    let runner = QueryRunner(environment: environment)
    let queries = QueryRoutes(runner: runner)
    let labels = LabelRoutes(runner: runner)
    let status = StatusRoutes(environment: environment)
    let forms: [(RouterPath, @Sendable (Request, AppContext) async throws -> Response)] = [
        ("/api/v1/query", queries.instant),
        ("/api/v1/query_range", queries.range),
        ("/api/v1/format_query", queries.format),
        ("/api/v1/query_exemplars", queries.exemplars),
        ("/api/v1/series", labels.series),
        ("/api/v1/labels", labels.names),
        ("/api/v1/export", ExportRoute(runner: runner).handle),
    ]
    for (path, handle) in forms {
        router.get(path, use: handle)
        router.post(path, use: handle)
    }
    router.get("/api/v1/label/:name/values", use: labels.values)
    router.get("/api/v1/metadata", use: status.metadata)
    router.get("/api/v1/status/buildinfo", use: status.buildInfo)
    router.get("/api/v1/status/runtimeinfo", use: status.runtimeInfo)
    router.get("/api/v1/status/flags", use: status.flags)
    router.get("/api/v1/kpis", use: KPIRoute(runner: runner).handle)
    router.get("/api/v1/events", use: EventRoute(runner: runner).handle)
    router.get("/api/v1/stream", use: StreamRoute(environment: environment).handle)
}
