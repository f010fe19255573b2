import Foundation
package import HTTPSupport
package import Hummingbird
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// `GET /api/v1/rules` and `GET /api/v1/alerts`, in Prometheus' form
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#rules).
package func addAlertingRoutes(to router: Router<AppContext>, service: AlertingService) {
    router.get("/api/v1/rules") { request, _ in
        Response.json(try service.rulesJSON(RuleFilter(query: request.uri.query ?? "")))
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

    /// From the part of a URL after `?`, in the form that HTML forms have
    /// (https://url.spec.whatwg.org/#urlencoded-parsing); empty values count as none.
    ///
    /// Throws an `APIError` for values that are not understood.
    init(query: String) throws {
        let pairs = query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { part in
                let spaced = part.replacing("+", with: " ")
                return spaced.removingPercentEncoding ?? String(spaced)
            }
            return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
        }
        func values(_ name: String) -> [String] { pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value) }
        if let type = values("type").first {
            guard let kind = Kind(rawValue: type.lowercased()) else {
                throw APIError(.badData, "type: expected alert or record, got \"\(type.prefix(64))\"")
            }
            self.kind = kind
        }
        ruleNames = Set(values("rule_name[]"))
        groupNames = Set(values("rule_group[]"))
        files = Set(values("file[]"))
        matcherLists = try values("match[]").map { text in
            do {
                return try PromQLEngine.matchers(text)
            } catch {
                throw APIError(.badData, "match[]: \(error)")
            }
        }
        switch values("exclude_alerts").first?.lowercased() {
        case nil, "false", "0": leavesOutAlerts = false
        case "true", "1": leavesOutAlerts = true
        case let other?:
            throw APIError(.badData, "exclude_alerts: expected true or false, got \"\(other.prefix(64))\"")
        }
        if let text = values("group_limit").first {
            guard let limit = Int(text), limit > 0 else {
                throw APIError(.badData, "group_limit: expected a whole number above 0, got \"\(text.prefix(64))\"")
            }
            groupLimit = limit
        }
        nextToken = values("group_next_token").first
        if nextToken != nil, groupLimit == nil {
            throw APIError(.badData, "group_limit: expected together with group_next_token")
        }
    }
}
