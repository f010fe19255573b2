package import HTTPSupport
package import Hummingbird
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// `GET /api/v1/rules` and `GET /api/v1/alerts`, in Prometheus' form
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#rules).
package func addAlertingRoutes(to router: Router<AppContext>, service: AlertingService) {
    router.get("/api/v1/rules") { request, _ in
        Response.json(service.rulesJSON(try RuleFilter(request.uri.queryParameters)))
    }
    router.get("/api/v1/alerts") { _, _ in Response.json(service.alertsJSON()) }
}

/// Which rules a client asked for: those that satisfy every parameter it gave.
struct RuleFilter: Sendable {
    enum Kind: String, Sendable { case alert, record }

    var kind: Kind?
    var ruleNames: Set<String> = []
    var groupNames: Set<String> = []
    var files: Set<String> = []
    /// A rule must satisfy one of the lists.
    var matcherLists: [[LabelMatcher]] = []
    var leavesOutAlerts = false

    init() {}

    /// Throws an `APIError` for values that are not understood.
    init(_ parameters: Parameters) throws {
        if let type = parameters.get("type"), !type.isEmpty {
            guard let kind = Kind(rawValue: type.lowercased()) else {
                throw APIError(.badData, "type: expected alert or record, got \"\(type.prefix(64))\"")
            }
            self.kind = kind
        }
        func values(_ name: String) -> Set<String> { Set(parameters.getAll(name)) }
        ruleNames = values("rule_name[]")
        groupNames = values("rule_group[]")
        files = values("file[]")
        matcherLists = try parameters.getAll("match[]").map { text in
            do {
                return try PromQLEngine.matchers(text)
            } catch {
                throw APIError(.badData, "match[]: \(error)")
            }
        }
        switch parameters.get("exclude_alerts")?.lowercased() {
        case nil, "", "false", "0": leavesOutAlerts = false
        case "true", "1": leavesOutAlerts = true
        case let other?:
            throw APIError(.badData, "exclude_alerts: expected true or false, got \"\(other.prefix(64))\"")
        }
    }
}
