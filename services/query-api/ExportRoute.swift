import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SelfMetrics
import TimeSeriesStore
import WireFormats

/// `/api/v1/export`: samples as records of the data contract, streamed series by series, in order of labels and time.
///
/// Memory: the labels of all series, some million samples, and one piece of text, whatever the length of the export. The
/// client sets the pace. Each step has the limits of a query; the export as a whole has none but the client's patience.
struct ExportRoute: Sendable {
    static let summaryTrailer = HTTPField.Name("heliograph-export-summary")

    let runner: QueryRunner

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let environment = runner.environment
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let text = parameters.text("format") ?? ContractRecordWriter.Format.ndjson.rawValue
        guard let format = ContractRecordWriter.Format(rawValue: text) else {
            throw APIError.invalid("format", "expected ndjson or csv, got \"\(text.prefix(64))\"")
        }
        let hasSummaryLine = try parameters.flag("summary")
        let matcherLists = try parameters.matcherLists()
        let range = try parameters.timeRange()
        let plan = try await plan(matcherLists, range, context)
        let export = ExportStream(environment: environment, plan: plan, format: format)
        let body = request.body
        var headers: HTTPFields = [.contentType: format.contentType, .cacheControl: "no-store"]
        if let name = Self.summaryTrailer { headers[.trailer] = name.rawName }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let summary = try await body.consumeWithCancellationOnInboundClose { _ in
                    let summary = try await export.send(to: &writer, context)
                    if hasSummaryLine { try await writer.write(ByteBuffer(string: "# \(summary.json)\n")) }
                    return summary
                }
                try await writer.finish(Self.summaryTrailer.map { [$0: summary.json] })
            })
    }

    /// What there is to export; refused here, it still gets an answer with a status.
    private func plan(
        _ matcherLists: [[LabelMatcher]], _ range: TimeRange, _ context: AppContext
    ) async throws -> ExportPlan {
        let environment = runner.environment
        environment.metrics.queries.add()
        do {
            try await environment.barrier()
            let budget = ExportStream.budget(environment.limits)
            let series = try await environment.work.run {
                try environment.store.series(matcherLists, in: range, budget: budget)
            }
            return ExportPlan(matcherLists: matcherLists, range: range, series: series)
        } catch {
            environment.metrics.failures.add()
            let answer = APIError(queryFailure: error)
            if answer.kind == .internal { context.logger.error("an export failed", metadata: ["error": "\(error)"]) }
            throw answer
        }
    }
}

extension ContractRecordWriter.Format {
    fileprivate var contentType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }
}

/// What came of an export.
struct ExportSummary: Sendable, Equatable {
    var series = 0
    var samples = 0
    /// Samples without a record in the data contract.
    var leftOut: [ContractGap: Int] = [:]

    var json: String {
        var text = JSONText()
        text.object { summary in
            summary.field("series", series)
            summary.field("samples", samples)
            summary.key("left_out")
            summary.object { gaps in
                for gap in ContractGap.allCases {
                    if let count = leftOut[gap], count > 0 { gaps.field(gap.rawValue, count) }
                }
            }
        }
        return text.text
    }
}
