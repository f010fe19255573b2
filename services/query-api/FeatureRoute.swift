import HTTPSupport
import Hummingbird
import NIOCore
import PromQLSyntax

/// `GET /api/v1/features`: what clients may use, by category, in the form that Prometheus 3 has it.
struct FeatureRoute: Sendable {
    private static let api: KeyValuePairs<StaticString, Bool> = [
        "admin": true, "exclude_alerts": true, "label_values_match": true, "lifecycle": true,
        "query_stats": true, "query_warnings": true, "remote_write_receiver": false, "time_range_labels": true,
        "time_range_series": true,
    ]
    private static let promql: KeyValuePairs<StaticString, Bool> = [
        "anchored": true, "at_modifier": true, "bool": true, "by": true, "delayed_name_removal": true,
        "duration_expr": true, "fill": true, "fill_left": true, "fill_right": true, "group_left": true,
        "group_right": true, "ignoring": true, "negative_offset": true, "offset": true, "on": true,
        "per_query_lookback_delta": true, "per_step_stats": true, "smoothed": true, "subqueries": true,
        "without": true,
    ]

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(
            AnswerWriter.success { answer in
                answer.raw(#"{"api":"#)
                Self.write(Self.api, to: &answer)
                answer.raw(#","promql":"#)
                Self.write(Self.promql, to: &answer)
                answer.raw(#","promql_functions":{"#)
                for (index, name) in PromQLFunction.allCases.map(\.rawValue).sorted().enumerated() {
                    if index > 0 { answer.raw(",") }
                    answer.string(name)
                    answer.raw(":true")
                }
                answer.raw("}}")
            })
    }

    private static func write(_ features: KeyValuePairs<StaticString, Bool>, to answer: inout AnswerWriter) {
        answer.raw("{")
        for (index, feature) in features.enumerated() {
            answer.raw(index > 0 ? ",\"" : "\"")
            answer.raw(feature.key)
            answer.raw(feature.value ? "\":true" : "\":false")
        }
        answer.raw("}")
    }
}
