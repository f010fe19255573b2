package import HTTPSupport
package import Hummingbird
import TimeSeriesStore

/// `GET /api/v1/rules` and `GET /api/v1/alerts`, in Prometheus' form
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#rules).
package func addAlertingRoutes(to router: Router<AppContext>, service: AlertingService) {
    router.get("/api/v1/rules") { request, _ in
        Response.json(try service.rulesJSON(RuleFilter(RequestParameters(query: request.uri.query ?? ""))))
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
    /// The most groups of one answer, and the token of the one to begin with.
    var groupLimit: Int?
    var nextToken: String?

    init() {}

    /// Throws an `APIError` for values that are not understood.
    init(_ parameters: RequestParameters) throws {
        if let type = parameters.text("type") {
            guard let kind = Kind(rawValue: type.lowercased()) else {
                throw APIError.invalid("type", "expected alert or record, got \"\(type.prefix(64))\"")
            }
            self.kind = kind
        }
        ruleNames = Set(parameters.texts("rule_name[]"))
        groupNames = Set(parameters.texts("rule_group[]"))
        files = Set(parameters.texts("file[]"))
        matcherLists = try parameters.matcherLists()
        leavesOutAlerts = try parameters.flag("exclude_alerts")
        groupLimit = try parameters.count("group_limit", in: 1...Int.max)
        nextToken = parameters.text("group_next_token")
        if nextToken != nil, groupLimit == nil {
            throw APIError.invalid(
                "group_next_token", "expected together with group_limit, the most groups of each answer")
        }
    }
}
