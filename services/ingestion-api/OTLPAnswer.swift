import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// Answers in the encoding of the request (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
enum OTLPAnswer {
    /// An `Export…ServiceResponse`. What was refused stands in `partial_success`.
    static func success(_ outcome: OTLPOutcome, _ signal: OTLPSignal, _ encoding: OTLPEncoding) -> Response {
        guard let message = message(outcome, signal) else {
            return response(.ok, encoding, protobuf: ProtobufWriter(), json: JSONText.empty)
        }
        var protobuf = ProtobufWriter()
        protobuf.message(1) { partial in
            if outcome.rejectedItems > 0 { partial.int64(1, Int64(outcome.rejectedItems)) }
            partial.string(2, message)
        }
        var json = JSONText()
        json.object { answer in
            answer.key("partialSuccess")
            answer.object { partial in
                // Integers of 64 bits are strings in protobuf's JSON form.
                if outcome.rejectedItems > 0 { partial.field(signal.rejectedField, "\(outcome.rejectedItems)") }
                partial.field("errorMessage", message)
            }
        }
        return response(.ok, encoding, protobuf: protobuf, json: json)
    }

    /// Nil if all was taken. With nothing but a message, `partial_success` is a warning
    /// (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
    private static func message(_ outcome: OTLPOutcome, _ signal: OTLPSignal) -> String? {
        var sentences: [String] = []
        if let first = outcome.request.rejected.first {
            sentences.append(
                "\(outcome.rejectedItems) of \(outcome.items) \(signal.items) were refused; what was refused is kept as dead letters, "
                    + "the others are stored. The first: \(first.message)")
        }
        if outcome.request.rejectedExemplars > 0 {
            sentences.append(
                "\(outcome.request.rejectedExemplars) exemplars were left out: they have no value, a time that is none, labels that are "
                    + "too long, or a point that was refused.")
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    /// A `google.rpc.Status`.
    static func failure(_ error: APIError, _ encoding: OTLPEncoding) -> Response {
        var protobuf = ProtobufWriter()
        protobuf.int64(1, Int64(error.rpcCode))
        protobuf.string(2, error.message)
        var json = JSONText()
        json.object { status in
            status.field("code", error.rpcCode)
            status.field("message", error.message)
        }
        var answer = response(error.otlpStatus, encoding, protobuf: protobuf, json: json)
        if let seconds = error.retryAfterSeconds { answer.headers[.retryAfter] = "\(seconds)" }
        return answer
    }

    private static func response(
        _ status: HTTPResponse.Status, _ encoding: OTLPEncoding, protobuf: ProtobufWriter, json: JSONText
    ) -> Response {
        switch encoding {
        case .json: .json(json, status: status)
        case .protobuf:
            Response(
                status: status, headers: [.contentType: "application/x-protobuf"],
                body: .init(byteBuffer: ByteBuffer(bytes: protobuf.bytes)))
        }
    }
}

extension APIError {
    /// Senders try 429, 502, 503 and 504 again and no other status, so that a full disk, which is not for ever, is a 503.
    fileprivate var otlpStatus: HTTPResponse.Status {
        kind == .storageFull || kind == .internal ? .serviceUnavailable : status
    }

    /// The number of `google.rpc.Code` (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).
    fileprivate var rpcCode: Int {
        switch kind {
        case .badData, .execution, .unsupportedMediaType, .methodNotAllowed: 3
        case .notFound: 5
        case .unauthorized: 16
        case .forbidden: 7
        case .tooLarge, .overloaded, .storageFull: 8
        case .canceled: 1
        case .timeout, .unavailable: 14
        case .internal: 13
        }
    }
}

extension JSONText {
    /// `{}`
    fileprivate static var empty: JSONText {
        var json = JSONText()
        json.object { _ in }
        return json
    }
}
