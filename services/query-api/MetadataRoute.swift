import HTTPSupport
import Hummingbird
import TelemetryModel

/// `GET /api/v1/metadata`: types, units and help texts by metric, as senders said them
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#querying-metric-metadata).
struct MetadataRoute: Sendable {
    let environment: QueryEnvironment

    /// Parameters: `metric`; `limit`, of metrics, below zero for all; `limit_per_metric`, up to zero for all.
    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        let limit = try parameters.wholeNumber("limit") ?? -1
        let limitPerMetric = try parameters.wholeNumber("limit_per_metric") ?? -1
        var name = parameters.text("metric")
        if name == "" { name = nil }
        let families = environment.metadata.families(named: name)
        return .json(
            .success { data in
                data.object { answer in
                    for (family, variants) in limit < 0 ? families[...] : families.prefix(limit) {
                        answer.key(family)
                        answer.array { list in
                            for variant in limitPerMetric > 0 ? variants.prefix(limitPerMetric) : variants[...] {
                                list.object { item in item.fields(of: variant.metadata) }
                            }
                        }
                    }
                }
            })
    }
}
