package import HTTPSupport
package import Hummingbird

/// Deletes, and what the store says of its size: Prometheus' routes, and Heliograph's own.
package func addAdminRoutes(to router: Router<AppContext>, environment: AdminEnvironment) {
    let deletions = DeletionRoutes(environment: environment)
    router.post("/api/v1/admin/tsdb/delete_series", use: deletions.deleteSeries)
    router.put("/api/v1/admin/tsdb/delete_series", use: deletions.deleteSeries)
    router.delete("/api/v1/series", use: deletions.delete)
    router.get("/api/v1/admin/deletions", use: deletions.list)
    router.get("/api/v1/status/tsdb", use: StoreStatusRoute(environment: environment).handle)
    let pipeline = PipelineRoutes(environment: environment)
    router.get("/api/v1/pipeline", use: pipeline.show)
    router.post("/api/v1/pipeline/reload", use: pipeline.reload)
    router.get("/api/v1/cardinality", use: CardinalityRoute(environment: environment).handle)
}
