import EmbeddedStore
import Foundation
import HTTPSupport
import Hummingbird
import Logging
import NIOCore
import Processor
import PromQLEngine
import TimeSeriesStore

/// `POST /api/v1/admin/tsdb/delete_series`, `DELETE /api/v1/series` and `GET /api/v1/admin/deletions`.
struct DeletionRoutes: Sendable {
    let environment: AdminEnvironment

    /// As Prometheus has it: 204 without a body. The receipts are answered to who asks for them with
    /// `Accept: application/json` or `receipt=true`.
    @Sendable func deleteSeries(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        try request.refuseForeignPages(as: "delete", otherwise: "heliograph delete")
        let parameters = try await RequestParameters(reading: &request, limit: AdminEnvironment.bodyBytes)
        let wantsReceipts = try parameters.flag("receipt") || DeletionRoutes.acceptsJSON(request)
        let receipts = try await delete(parameters, context)
        return wantsReceipts ? answer(receipts) : Response(status: .noContent)
    }

    @Sendable func delete(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        try request.refuseForeignPages(as: "delete", otherwise: "heliograph delete")
        let parameters = try await RequestParameters(reading: &request, limit: AdminEnvironment.bodyBytes)
        return answer(try await delete(parameters, context))
    }

    @Sendable func list(_ request: Request, _ context: AppContext) async throws -> Response {
        let store = environment.store
        return answer(try await environment.work.run { try store.deletionReceipts() }.reversed())
    }

    /// One receipt for each selector, in their order.
    private func delete(_ parameters: RequestParameters, _ context: AppContext) async throws -> [DeletionReceipt] {
        let matcherLists = try matcherLists(parameters)
        let range = try parameters.timeRange()
        // What was acknowledged before this request is deleted with the rest.
        try await environment.barrier()
        do {
            let processor = environment.processor
            return try await environment.work.run { try matcherLists.map { try processor.delete($0, in: range) } }
        } catch {
            context.logger.error("a deletion failed", metadata: ["error": "\(error)"])
            let advice = matcherLists.count > 1 ? "; GET /api/v1/admin/deletions lists those that were carried out" : ""
            throw APIError(
                error is DeletionError ? .unavailable : .internal, "the deletion failed: \(error)\(advice)",
                retryAfterSeconds: error is DeletionError ? 5 : nil)
        }
    }

    /// A list without matchers stands for every series.
    private func matcherLists(_ parameters: RequestParameters) throws -> [[LabelMatcher]] {
        let selectors = parameters.texts("match[]") + parameters.texts("match")
        if try parameters.flag("all") {
            guard selectors.isEmpty else {
                throw APIError.invalid("all", "it deletes every series: leave match[] out, or all")
            }
            return [[]]
        }
        guard !selectors.isEmpty else {
            throw APIError(
                .badData, "no match[] parameter provided: name the series to delete, or all=true for every series")
        }
        return try selectors.map { selector in
            do {
                return try PromQLEngine.matchers(selector)
            } catch {
                throw APIError.invalid("match[]", "\(error); to delete every series, send all=true and no match[]")
            }
        }
    }

    private func answer(_ receipts: some Collection<DeletionReceipt>) -> Response {
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("samples", receipts.reduce(0) { $0 + $1.samples })
                data.key("deletions")
                data.array { list in
                    for receipt in receipts { list.object { write(receipt, to: &$0) } }
                }
            }
        }
        return .json(json)
    }

    private func write(_ receipt: DeletionReceipt, to item: inout JSONText) {
        item.field("id", receipt.id)
        item.field("created_at", Date(milliseconds: receipt.createdAt).iso8601Milliseconds)
        item.field("selector", receipt.selector)
        item.field("from", DeletionRoutes.text(receipt.range.from))
        item.field("through", DeletionRoutes.text(receipt.range.through))
        item.field("samples", receipt.samples)
        item.field("done_at", receipt.doneAt.flatMap(DeletionRoutes.text))
    }

    /// Nil for the ends of time, which no calendar has.
    private static func text(_ time: Int64) -> String? {
        time.magnitude > RequestParameters.latestTime.magnitude ? nil : Date(milliseconds: time).iso8601Milliseconds
    }

    private static func acceptsJSON(_ request: Request) -> Bool {
        request.headers[.accept]?.lowercased().contains("application/json") ?? false
    }
}
