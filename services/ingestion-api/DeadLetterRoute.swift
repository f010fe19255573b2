import Foundation
import HTTPSupport
import Hummingbird
import IngestLog
import TelemetryModel

/// `GET /api/v1/dead-letters`: refused records, newest first, with reason and payload.
struct DeadLetterRoute: Sendable {
    static let maximumLimit = 1000

    let log: IngestLog
    let work: BlockingWork

    func handle(_ request: Request) async throws -> Response {
        let selection = try selection(request)
        let letters = try await work.run { try log.deadLetters(selection) }
        let totals = log.readTotals { _, deadLettered in deadLettered }
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("total", totals.values.reduce(0, +))
                data.key("by_reason")
                data.object { reasons in
                    let byReason = Dictionary(grouping: totals) { $0.key.reason }
                    for (reason, entries) in byReason.sorted(by: { $0.key < $1.key }) {
                        reasons.field(reason, entries.reduce(0) { $0 + $1.value })
                    }
                }
                data.key("dead_letters")
                data.array { list in
                    for letter in letters { write(letter, to: &list) }
                }
                // A full page may be followed by another one.
                if letters.count == selection.limit { data.field("before", letters.last?.id ?? 0) }
            }
        }
        return .json(json)
    }

    private func write(_ letter: DeadLetter, to list: inout JSONText) {
        list.object { item in
            item.field("id", letter.id)
            item.field("received_at", Date(milliseconds: letter.receivedAt).iso8601Milliseconds)
            item.field("received_at_ms", letter.receivedAt)
            item.field("protocol", letter.ingestProtocol.name)
            item.field("source_id", letter.sourceID)
            item.field("index", letter.recordIndex)
            item.field("field", letter.field)
            item.field("reason", letter.reason)
            item.field("message", letter.message)
            if let text = String(validating: letter.payload, as: UTF8.self) {
                item.field("payload", text)
            } else {
                item.field("payload_base64", Data(letter.payload).base64EncodedString())
            }
        }
    }

    private func selection(_ request: Request) throws -> DeadLetterSelection {
        let query = request.uri.queryParameters
        var selection = DeadLetterSelection()
        selection.reason = query["reason"].map(String.init)
        selection.sourceID = query["source"].map(String.init)
        if let text = query["from"] { selection.from = try RequestTime.milliseconds(String(text), parameter: "from") }
        if let text = query["to"] { selection.through = try RequestTime.milliseconds(String(text), parameter: "to") }
        if let text = query["before"] {
            guard let id = Int64(text) else {
                throw APIError(.badData, "before: expected the id of a dead letter, got \"\(text)\"")
            }
            selection.beforeID = id
        }
        if let text = query["limit"] {
            guard let limit = Int(text), (1...DeadLetterRoute.maximumLimit).contains(limit) else {
                throw APIError(
                    .badData, "limit: expected a number from 1 to \(DeadLetterRoute.maximumLimit), got \"\(text)\"")
            }
            selection.limit = limit
        }
        return selection
    }
}
