import EmbeddedStore
import Foundation
import HTTPSupport
import Hummingbird
import IngestLog
import TelemetryModel

/// `GET /api/v1/cardinality`: where the series are, how much of the budgets is used, and what grew.
struct CardinalityRoute: Sendable {
    static let defaultLimit = 10
    static let maximumLimit = 1000
    /// Milliseconds.
    static let defaultSpan: Int64 = 3_600_000

    let environment: AdminEnvironment

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: AdminEnvironment.bodyBytes)
        let limit = try parameters.count("limit", in: 1...Self.maximumLimit) ?? Self.defaultLimit
        let span = try parameters.positiveDuration("since") ?? Self.defaultSpan
        guard span <= IngestLog.seriesHistorySpan else {
            throw APIError.invalid(
                "since",
                "expected a duration of at most \(IngestLog.seriesHistorySpan / 3_600_000)h: when a series began is "
                    + "noted for so long")
        }
        let isTable = try isTable(parameters)
        try await environment.barrier()
        let (log, store, now) = (environment.log, environment.store, environment.now())
        let survey = try await environment.work.run {
            CardinalitySurvey(
                report: store.cardinality(limit: limit),
                growth: try SeriesGrowth(in: log, since: now - span, limit: limit),
                known: log.registry.count, budget: log.registry.limit, sourceBudget: log.registry.limitPerSource,
                budgetSources: log.registry.largestSources(limit) ?? [])
        }
        return isTable ? .text(survey.table) : .json(survey.json)
    }

    private func isTable(_ parameters: RequestParameters) throws -> Bool {
        switch parameters.text("format") {
        case nil, "json": false
        case "table": true
        case .some(let other):
            throw APIError.invalid("format", "expected json or table, got \"\(other.prefix(64))\"")
        }
    }
}

/// What the route answers, as of one moment.
struct CardinalitySurvey: Sendable {
    let report: CardinalityReport
    let growth: SeriesGrowth
    /// Series that ever were in the log: what the budgets are for.
    let known: Int
    let budget: Int
    /// 0 for none.
    let sourceBudget: Int
    /// Largest first; empty without a budget for sources.
    let budgetSources: [(source: String, series: Int)]

    var json: JSONText {
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("series", known)
                data.field("series_in_memory", report.series)
                data.field("label_pairs", report.labelPairs)
                data.key("budgets")
                data.object { writeBudgets(&$0) }
                data.counts("metrics", "name", report.metrics.map { ($0.name, $0.series) })
                data.counts("sources", "source_id", report.sources.map { ($0.name, $0.series) })
                data.key("labels")
                data.array { list in
                    for label in report.labelsByValues { list.object { write(label, to: &$0) } }
                }
                data.key("growth")
                data.object { writeGrowth(&$0) }
            }
        }
        return json
    }

    private func writeBudgets(_ budgets: inout JSONText) {
        budgets.key("total")
        budgets.object { total in
            total.field("limit", budget)
            total.field("used", known)
            total.field("used_ratio", Double(known) / Double(max(budget, 1)))
        }
        budgets.key("per_source")
        budgets.object { perSource in
            perSource.field("limit", sourceBudget > 0 ? Double(sourceBudget) : nil)
            perSource.key("sources")
            perSource.array { list in
                for (source, series) in budgetSources {
                    list.object { item in
                        item.field("source_id", source)
                        item.field("used", series)
                        item.field("used_ratio", Double(series) / Double(sourceBudget))
                    }
                }
            }
        }
    }

    private func write(_ label: CardinalityReport.LabelUse, to item: inout JSONText) {
        item.field("name", label.name)
        item.field("values", label.values)
        item.field("series", label.series)
        item.field("bytes", label.bytes)
        item.counts("top", "value", label.top.map { ($0.name, $0.series) })
    }

    private func writeGrowth(_ item: inout JSONText) {
        item.field("since", Date(milliseconds: growth.since).iso8601Milliseconds)
        item.field("since_ms", growth.since)
        item.field("series", growth.series)
        item.counts("metrics", "name", growth.metrics.map { ($0.name, $0.count) })
        item.counts("sources", "source_id", growth.sources.map { ($0.name, $0.count) })
        item.field("counts_too_small_by", growth.error)
    }
}

extension JSONText {
    fileprivate mutating func counts(_ key: String, _ nameKey: String, _ entries: [(name: String, series: Int)]) {
        self.key(key)
        array { list in
            for entry in entries {
                list.object { item in
                    item.field(nameKey, entry.name)
                    item.field("series", entry.series)
                }
            }
        }
    }
}
