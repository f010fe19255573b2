import Foundation
import HTTPSupport
import IngestLog
import TelemetryModel

extension DeadLetter {
    /// - Parameter hasOriginal: whether the payload as it came is written, too.
    func write(to item: inout JSONText, hasOriginal: Bool) {
        item.field("id", id)
        item.field("received_at", Date(milliseconds: receivedAt).iso8601Milliseconds)
        item.field("received_at_ms", receivedAt)
        item.field("protocol", ingestProtocol.name)
        item.field("source_id", sourceID)
        item.field("index", recordIndex)
        item.field("field", field)
        item.field("reason", reason)
        item.field("message", message)
        item.field("state", state.name)
        item.field("first_reason", firstReason)
        item.field("attempts", attempts)
        item.field("edited", original != nil)
        item.field("changed_at", changedAt.map { Date(milliseconds: $0).iso8601Milliseconds })
        item.field("parameters", parameters)
        write(payload, "payload", to: &item)
        if hasOriginal, let original { write(original, "original", to: &item) }
    }

    /// As text, or in base64 under another name if it is none.
    private func write(_ bytes: [UInt8], _ name: String, to item: inout JSONText) {
        if let text = String(validating: bytes, as: UTF8.self) {
            item.field(name, text)
        } else {
            item.field("\(name)_base64", Data(bytes).base64EncodedString())
        }
    }
}

extension DeadLetter.State {
    /// The value of the parameter `state`.
    var name: String {
        switch self {
        case .waiting: "waiting"
        case .replayed: "replayed"
        }
    }
}
