package import Hummingbird
package import NIOCore

/// A request's body whose sender has only so long.
package struct TimedBody {
    private let request: Request

    package init(_ request: Request) { self.request = request }

    /// - Throws: `NIOTooManyBytesError`; an `APIError` if it has not come in time.
    package func collect(upTo limit: Int, within patience: Duration) async throws -> ByteBuffer {
        let body = request.body
        // Most requests have none, and a clock for each would be for nothing.
        let isAnnounced =
            request.headers[.transferEncoding] != nil || request.headers[.contentLength].map { $0 != "0" } ?? false
        guard isAnnounced else { return try await body.collect(upTo: limit) }
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask { try await body.collect(upTo: limit) }
            group.addTask {
                try await Task.sleep(for: patience)
                throw APIError(
                    .badData, "the body did not come within \(patience); nothing of this request was taken")
            }
            defer { group.cancelAll() }
            guard let body = try await group.next() else { throw CancellationError() }
            return body
        }
    }
}
