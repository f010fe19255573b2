import HTTPTypes
package import Hummingbird
import NIOCore
import WireFormats

/// Compresses answers for clients that take gzip (RFC 9110, section 12.5.3), large ones piece by piece as they are written.
package struct CompressionMiddleware: RouterMiddleware {
    /// Below this, compression saves no packet.
    private static let leastBytes = 1400
    /// What repeats itself; a live stream must not wait in a compressor.
    private static let mediaTypes = ["application/json", "text/plain", "text/csv", "application/x-ndjson"]

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
        response.body = ResponseBody { writer in
            try await body.write(GzipBodyWriter(parent: writer, deflater: try GzipDeflater()))
        }
        response.headers[.contentLength] = nil
        response.headers[.contentEncoding] = "gzip"
        return response
    }

    /// Whether `gzip` (or `*`) is among the codings, not with a weight of 0.
    static func takesGzip(_ header: String) -> Bool {
        header.lowercased().split(separator: ",").contains { coding in
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first, name == "gzip" || name == "*" else { return false }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return weight.map { Double($0) ?? 0 > 0 } ?? true
        }
    }
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
