import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// Takes a request's body in, within its bounds of size and time.
struct RequestBodyReader: Sendable {
    let environment: IngestionEnvironment

    func read(_ request: Request) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > environment.maximumBodyBytes {
            throw tooLarge
        }
        do {
            return try await TimedBody(request).collect(
                upTo: environment.maximumBodyBytes, within: environment.requestTimeout)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private var tooLarge: APIError {
        APIError(
            .tooLarge,
            "the body is larger than \(environment.maximumBodyBytes) bytes; send it in smaller requests, or raise "
                + "ingest.max_body_bytes")
    }
}
