import Foundation
import HTTPSupport
import Hummingbird
import TelemetryModel
import TimeSeriesStore

/// `GET /api/v1/events`: operational events, newest first.
struct EventRoute: Sendable {
    static let defaultLimit = 100
    static let maximumLimit = 1000
    /// Milliseconds: how far back a request reads that does not say.
    static let defaultSpan: Int64 = 86_400_000
    private static let ownLabels: Set<String> = [LabelSet.metricNameLabel, "source_id", Severity.labelName]

    let runner: QueryRunner

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let environment = runner.environment
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let selection = try selection(parameters, now: environment.now())
        let store = environment.store
        let events = try await runner.run(context) { budget in
            try store.events(selection, budget: budget)
        }
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.array { list in
                for event in events { write(event, to: &list) }
            }
        }
        return .json(json)
    }

    private func selection(_ parameters: RequestParameters, now: Int64) throws -> EventSelection {
        let through = try parameters.time("to") ?? now
        let from = try parameters.time("from") ?? through - Self.defaultSpan
        guard from <= through else {
            throw APIError.invalid("to", "expected a time that is not before \"from\"")
        }
        var severity: Severity?
        if let text = parameters.text("severity") {
            severity = Severity(rawValue: text)
            guard severity != nil else {
                let known = Severity.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.invalid(
                    "severity", "expected the lowest severity, one of \(known), got \"\(text.prefix(64))\"")
            }
        }
        return EventSelection(
            range: TimeRange(from: from, through: through), sourceID: parameters.text("source"),
            minimumSeverity: severity, text: parameters.text("q"),
            limit: try parameters.count("limit", in: 1...Self.maximumLimit) ?? Self.defaultLimit)
    }

    private func write(_ event: OperationalEvent, to list: inout JSONText) {
        list.object { item in
            item.field("timestamp", Date(milliseconds: event.timestamp).iso8601Milliseconds)
            item.field("timestamp_ms", event.timestamp)
            item.field("source_id", event.labels["source_id"])
            item.field("metric_name", event.labels.metricName)
            item.field("metric_value", event.value)
            item.field("severity", event.labels[Severity.labelName])
            item.field("message", event.message)
            item.key("tags")
            item.object { tags in
                for label in event.labels.labels where !Self.ownLabels.contains(label.name) {
                    tags.field(label.name, label.value)
                }
            }
        }
    }
}
