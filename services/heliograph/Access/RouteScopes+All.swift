import AccessControl
import HTTPSupport

extension RouteScopes {
    /// What each route of the server needs. A new route gets its line here; a test says so if it has none.
    static let all = RouteScopes([
        (
            .open,
            [
                "GET,HEAD /", "GET,HEAD /dashboards/fleet.json", "GET,HEAD /assets/:revision/:name", "GET /graph",
                "GET,HEAD /dead-letters",
                "GET /healthz", "GET /readyz", "GET,HEAD /-/healthy", "GET,HEAD /-/ready", "GET,HEAD /ping",
                "GET,HEAD /health",
                "GET,POST,DELETE /session",
            ]
        ),
        (
            .scope(.write),
            [
                "POST /api/v1/telemetry", "POST /api/v1/write", "POST /write", "POST /api/v2/write", "GET,POST /query",
                "POST /api/v1/import/prometheus", "POST /v1/metrics", "POST /api/v1/otlp/v1/metrics",
                "POST /v1/logs", "POST /api/v1/otlp/v1/logs",
                "POST,PUT,DELETE /metrics/**", "POST,PUT,DELETE /api/v1/import/prometheus/metrics/**",
            ]
        ),
        (
            .scope(.read),
            [
                "GET,POST /api/v1/query", "GET,POST /api/v1/query_range", "GET,POST /api/v1/format_query",
                "GET,POST /api/v1/parse_query", "GET,POST /api/v1/query_exemplars", "GET,POST /api/v1/series",
                "GET,POST /api/v1/labels", "GET,POST /api/v1/export", "GET /api/v1/label/:name/values",
                "POST /api/v1/read", "GET /federate", "GET /api/v1/metadata", "GET /api/v1/targets",
                "GET /api/v1/targets/metadata", "GET /api/v1/scrape_pools", "GET /api/v1/alertmanagers",
                "GET /api/v1/notifications", "GET /api/v1/features", "GET /api/v1/status/config",
                "GET /api/v1/status/walreplay", "GET /api/v1/status/buildinfo", "GET /api/v1/status/runtimeinfo",
                "GET /api/v1/status/flags", "GET /api/v1/status/tsdb", "GET /api/v1/cardinality", "GET /api/v1/kpis",
                "GET /api/v1/events", "GET /api/v1/stream", "GET /api/v1/rules", "GET /api/v1/alerts",
                "GET /api/v1/ledger", "GET /api/v1/dead-letters", "GET /api/v1/dead-letters/:id",
                "GET /api/v1/pipeline", "GET /api/v1/forward", "GET /api/v1/admin/deletions", "GET /metrics",
            ]
        ),
        (
            .scope(.admin),
            [
                "POST,PUT /api/v1/admin/tsdb/delete_series", "DELETE /api/v1/series", "POST,PUT /-/reload",
                "POST /api/v1/pipeline/reload", "PUT,DELETE /api/v1/dead-letters/:id",
                "POST /api/v1/dead-letters/:id/replay", "POST /api/v1/dead-letters/replay",
                "DELETE /api/v1/dead-letters",
            ]
        ),
    ])
}
