import HTTPTypes
package import Hummingbird
import NIOCore

/// An error answer in Prometheus' JSON form, which all routes share:
/// `{"status":"error","errorType":"bad_data","error":"one sentence"}`.
package struct APIError: Error, HTTPResponseError, Sendable {
    /// Prometheus' `errorType`, and ours where Prometheus has none.
    package enum Kind: String, Sendable {
        case badData = "bad_data"
        case execution
        case timeout
        case canceled
        case unauthorized
        case forbidden
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case tooLarge = "too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case overloaded
        case storageFull = "storage_full"
        case unavailable
        case `internal`
    }

    package let kind: Kind
    package let message: String
    /// Seconds after which a retry makes sense; becomes `Retry-After`.
    package let retryAfterSeconds: Int?

    package init(_ kind: Kind, _ message: String, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var status: HTTPResponse.Status {
        switch kind {
        case .badData: .badRequest
        case .execution: .unprocessableContent
        case .timeout: .serviceUnavailable
        case .canceled: .init(code: 499, reasonPhrase: "Client Closed Request")
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .overloaded: .tooManyRequests
        case .storageFull: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .unavailable: .serviceUnavailable
        case .internal: .internalServerError
        }
    }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        var body = JSONText()
        body.object { json in
            json.field("status", "error")
            json.field("errorType", kind.rawValue)
            json.field("error", message)
        }
        var response = Response.json(body, status: status)
        if let retryAfterSeconds { response.headers[.retryAfter] = "\(retryAfterSeconds)" }
        return response
    }
}

extension Response {
    package static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    package static func json(_ text: JSONText, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text.text)))
    }
}
