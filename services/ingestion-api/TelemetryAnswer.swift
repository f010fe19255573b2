import HTTPSupport
import HTTPTypes
import Hummingbird
import TelemetryModel
import WireFormats

/// The answer to a request: how many were taken, and what was wrong with each of the others.
struct TelemetryAnswer {
    /// Errors spelled out in one answer; beyond, `errors_omitted` says how many more there are. All are kept as dead letters.
    static let maximumErrors = 10_000

    let accepted: Int
    let rejected: [RejectedRecord]

    init(_ request: DecodedRequest) {
        accepted = request.batch.count
        rejected = request.rejected
    }

    var response: Response {
        .json(json, status: accepted == 0 && !rejected.isEmpty ? .badRequest : .ok)
    }

    private var json: JSONText {
        var text = JSONText()
        text.object { writeFields(to: &$0) }
        return text
    }

    func writeFields(to answer: inout JSONText) {
        answer.field("accepted", accepted)
        answer.field("rejected", rejected.count)
        guard !rejected.isEmpty else { return }
        answer.key("errors")
        answer.array { errors in
            for record in rejected.prefix(TelemetryAnswer.maximumErrors) {
                errors.object { error in
                    error.field("index", record.index)
                    error.field("field", record.field)
                    error.field("reason", record.reason.rawValue)
                    error.field("message", record.message)
                }
            }
        }
        if rejected.count > TelemetryAnswer.maximumErrors {
            answer.field("errors_omitted", rejected.count - TelemetryAnswer.maximumErrors)
        }
    }
}
