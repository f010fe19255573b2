import ArgumentParser
import Foundation
import TelemetryModel

/// The queries that are put to every store, over all of a workload's time.
struct ComparedQuery: Codable, Sendable {
    enum Kind: String, Codable, Sendable { case range, instant, series, labelValues }

    let name: String
    let kind: Kind
    /// PromQL; for `series` a selector, for `labelValues` the label's name.
    let expression: String
    /// Seconds; an instant query is evaluated at `end`.
    let start: Int64
    let end: Int64
    let step: Int64

    static func all(of workload: Workload) -> [ComparedQuery] {
        let start = workload.start / 1000
        // Jitter may move the last samples behind the last step's time.
        let end = workload.end / 1000 + (workload.isJittered ? 1 : 0)
        func query(_ name: String, _ kind: Kind, _ expression: String, step: Int64 = 0) -> ComparedQuery {
            ComparedQuery(name: name, kind: kind, expression: expression, start: start, end: end, step: step)
        }
        // The sources of small workloads are fewer.
        let one = "source_id=\"\(Workload.sourceID(min(123, workload.sources - 1)))\""
        if workload.dataSet == .main {
            return [
                query("Q1", .range, "cpu_usage{\(one)}", step: 15),
                query("Q2", .range, "sum by (region) (rate(http_requests_total[5m]))", step: 60),
                query("Q3", .range, "quantile by (service) (0.95, request_latency_ms)", step: 60),
                query("Q4", .instant, "topk(10, avg_over_time(cpu_usage[30m]))"),
                query("Q5", .instant, "count({env=\"prod\"})"),
                query("Q6", .instant, "sum(max_over_time(cpu_usage[45m]))"),
                query("Q7", .series, "{\(one)}"),
                query("Q8", .labelValues, "source_id"),
            ]
        }
        return [
            query("L1", .range, "cpu_usage{\(one)}", step: 3_600),
            query("L2", .range, "avg_over_time(cpu_usage[1d])", step: 3_600),
            query("L3", .range, "sum(rate(http_requests_total[1h])) + sum(rate(net_bytes_total[1h]))", step: 3_600),
            // Added up, because a function drops the metric names and the labels alone are not unique.
            query(
                "L4", .instant,
                workload.metrics.map { "max_over_time(\($0.rawValue)[30d])" }.joined(separator: " + ")),
        ]
    }
}

struct QueriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queries", abstract: "Print, as JSON, a workload's time and the queries of the comparison.")

    @OptionGroup var workload: WorkloadOptions

    private struct Answer: Encodable {
        let summary: String
        /// Seconds.
        let start: Int64
        let series: Int
        let metrics: Int
        let samples: Int
        let queries: [ComparedQuery]
    }

    func run() throws {
        let workload = workload.workload
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let answer = Answer(
            summary: workload.summary, start: workload.start / 1000, series: workload.seriesCount,
            metrics: workload.metrics.count, samples: workload.sampleCount, queries: ComparedQuery.all(of: workload))
        print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    }
}
