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
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask { try await collect(request) }
            group.addTask {
                try await Task.sleep(for: environment.requestTimeout)
                throw APIError(
                    .badData,
                    "the body did not come within \(environment.requestTimeout); nothing of this request was taken")
            }
            defer { group.cancelAll() }
            guard let body = try await group.next() else { throw CancellationError() }
            return body
        }
    }

    private func collect(_ request: Request) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: environment.maximumBodyBytes)
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
