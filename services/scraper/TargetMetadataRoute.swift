import HTTPSupport
import Hummingbird
import ScrapeConfig
import TelemetryModel
import TimeSeriesStore

/// `GET /api/v1/targets/metadata`: what targets said of their metrics in the last scrape that succeeded
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#querying-target-metadata).
struct TargetMetadataRoute: Sendable {
    let service: ScrapeService

    /// Parameters: `match_target`, a selector of targets; `metric`; `limit`, of answers, below zero for all.
    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        let limit = try parameters.wholeNumber("limit") ?? -1
        let matchers = try parameters.matchers("match_target") ?? []
        var name = parameters.text("metric")
        if name == "" { name = nil }
        var found: [(target: LabelSet, item: FamilyMetadata)] = []
        for active in await service.activeTargets(of: nil) {
            guard matchers.allSatisfy({ $0.accepts(active.target.labels) }) else { continue }
            for item in active.metadata where name == nil || item.family == name {
                found.append((active.target.labels, item))
            }
        }
        if limit >= 0 { found.removeLast(max(0, found.count - limit)) }
        return .json(
            .success { data in
                data.array { list in
                    for (target, item) in found {
                        list.object { answer in
                            answer.key("target")
                            answer.object { labels in
                                for label in target.labels { labels.field(label.name, label.value) }
                            }
                            if name == nil { answer.field("metric", item.family) }
                            answer.fields(of: item.metadata)
                        }
                    }
                }
            })
    }
}
