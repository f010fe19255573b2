import Foundation
package import HTTPSupport
package import Hummingbird
import PromQLSyntax
import ScrapeConfig
import TelemetryModel

/// What Prometheus' API says of scraping: `GET /api/v1/targets`, `/api/v1/targets/metadata` and `/api/v1/scrape_pools`.
package func addTargetRoutes(to router: Router<AppContext>, service: ScrapeService) {
    let routes = TargetRoutes(service: service)
    router.get("/api/v1/targets", use: routes.targets)
    router.get("/api/v1/targets/metadata", use: TargetMetadataRoute(service: service).handle)
    router.get("/api/v1/scrape_pools", use: routes.pools)
}

struct TargetRoutes: Sendable {
    let service: ScrapeService

    /// Parameters: `state` (active, dropped or any) and `scrapePool`.
    @Sendable func targets(_ request: Request, _ context: AppContext) async throws -> Response {
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        let state = parameters.text("state")?.lowercased() ?? "any"
        guard ["any", "active", "dropped"].contains(state) else {
            throw APIError.invalid("state", "expected active, dropped or any, got \"\(state.prefix(64))\"")
        }
        let pool = parameters.text("scrapePool")
        let active = state == "dropped" ? [] : await service.activeTargets(of: pool)
        let (dropped, counts) = await service.droppedTargets(of: pool)
        return .json(
            .success { data in
                data.object { answer in
                    answer.key("activeTargets")
                    answer.array { all in
                        for target in active { Self.write(target, to: &all) }
                    }
                    answer.key("droppedTargets")
                    answer.array { all in
                        for target in state == "active" ? [] : dropped {
                            all.object { item in
                                Self.write(target.discovered, as: "discoveredLabels", to: &item)
                                item.field("scrapePool", target.pool)
                            }
                        }
                    }
                    answer.key("droppedTargetCounts")
                    answer.object { all in
                        for (pool, count) in counts { all.field(pool, count) }
                    }
                }
            })
    }

    @Sendable func pools(_ request: Request, _ context: AppContext) async throws -> Response {
        let names = service.poolNames.sorted()
        return .json(
            .success { data in
                data.object { answer in
                    answer.key("scrapePools")
                    answer.array { all in
                        for name in names { all.value(name) }
                    }
                }
            })
    }

    private static func write(_ active: ActiveTarget, to all: inout JSONText) {
        let (target, status) = (active.target, active.status)
        all.object { item in
            write(target.discovered, as: "discoveredLabels", to: &item)
            write(target.labels, as: "labels", to: &item)
            item.field("scrapePool", active.pool)
            item.field("scrapeUrl", target.url)
            item.field("globalUrl", target.url)
            item.field("lastError", status.lastError)
            // Go's zero time, where there was no scrape yet.
            item.field(
                "lastScrape",
                status.lastScrape.map { Date(milliseconds: $0).iso8601Milliseconds } ?? "0001-01-01T00:00:00Z")
            item.field("lastScrapeDuration", status.lastDuration / .seconds(1))
            item.field("health", status.health.rawValue)
            item.field("scrapeInterval", PromQLDuration.format(target.intervalMilliseconds))
            item.field("scrapeTimeout", PromQLDuration.format(target.timeoutMilliseconds))
        }
    }

    private static func write(_ labels: LabelSet, as name: String, to item: inout JSONText) {
        item.key(name)
        item.object { all in
            for label in labels.labels { all.field(label.name, label.value) }
        }
    }
}
