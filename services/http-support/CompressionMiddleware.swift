import HTTPTypes
package import Hummingbird
import NIOCore
import Synchronization
import WireFormats

/// Compresses answers for clients that take gzip (RFC 9110, section 12.5.3): at once those that are whole and small, and piece
/// by piece as they are written those that are large or of a length that nobody knows yet.
package struct CompressionMiddleware: RouterMiddleware {
    /// Below this, compression saves no packet.
    private static let leastBytes = 1400
    /// Up to here an answer is compressed as a whole and sent with its length; it takes about a millisecond.
    private static let wholeBytes = 64 << 10
    /// What repeats itself; a live stream must not wait in a compressor.
    private static let mediaTypes = ["application/json", "text/plain", "text/csv", "application/x-ndjson"]

    private let deflaters = DeflaterShelf()

    package init() {}

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard let type = response.headers[.contentType], Self.mediaTypes.contains(where: type.hasPrefix),
            response.headers[.contentEncoding] == nil, response.body.contentLength ?? .max >= Self.leastBytes
        else { return response }
        response.headers.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        guard Self.takesGzip(request.headers[.acceptEncoding] ?? "") else { return response }
        let body = response.body
        if let length = body.contentLength, length <= Self.wholeBytes {
            let collected = CollectedBody()
            try await body.write(CollectingBodyWriter(body: collected))
            let bytes = try deflaters.compress(collected.bytes)
            response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            response.headers[.contentLength] = "\(bytes.count)"
        } else {
            response.headers[.contentLength] = nil
            response.body = ResponseBody { writer in
                try await body.write(GzipBodyWriter(parent: writer, deflater: try GzipDeflater()))
            }
        }
        response.headers[.contentEncoding] = "gzip"
        return response
    }

    /// Whether `gzip` has a weight above 0, or `*` if `gzip` is not named.
    static func takesGzip(_ header: String) -> Bool {
        var others = false
        for coding in header.lowercased().split(separator: ",") {
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first, name == "gzip" || name == "*" else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            let isTaken = weight.map { Double($0) ?? 0 > 0 } ?? true
            if name == "gzip" { return isTaken }
            others = isTaken
        }
        return others
    }
}

/// Compressors that are used again and again, since each takes a quarter of a megabyte to set up. Thread-safe.
private final class DeflaterShelf: Sendable {
    private final class Place: Sendable {
        let deflater = Mutex<GzipDeflater?>(nil)
    }

    private let places = (0..<4).map { _ in Place() }

    /// - Throws: `ContentDecodingError.outOfMemory`.
    func compress(_ body: [UInt8]) throws -> [UInt8] {
        for place in places {
            let bytes = try place.deflater.withLockIfAvailable { deflater in
                let own = try deflater ?? GzipDeflater()
                deflater = own
                return own.whole(body.span)
            }
            if let bytes { return bytes }
        }
        // All are busy.
        return try GzipDeflater().whole(body.span)
    }
}

private final class CollectedBody {
    var bytes: [UInt8] = []
}

private struct CollectingBodyWriter: ResponseBodyWriter {
    let body: CollectedBody

    mutating func write(_ buffer: ByteBuffer) async throws { body.bytes += buffer.readableBytesView }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

private struct GzipBodyWriter: ResponseBodyWriter {
    var parent: any ResponseBodyWriter
    let deflater: GzipDeflater

    mutating func write(_ buffer: ByteBuffer) async throws {
        let bytes = deflater.compress(Array(buffer: buffer).span)
        if !bytes.isEmpty { try await parent.write(ByteBuffer(bytes: bytes)) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await parent.write(ByteBuffer(bytes: deflater.finish()))
        try await parent.finish(trailingHeaders)
    }
}
