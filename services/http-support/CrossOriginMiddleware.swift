import HTTPTypes
package import Hummingbird

/// Lets pages of other sites read what a client may read, as Prometheus does by default
/// (https://fetch.spec.whatwg.org/#http-cors-protocol), and answers their preflight requests with 204.
///
/// What changes something is left out: a page that its user merely looks at must not be able to write to a server on the
/// user's own machine.
package struct CrossOriginMiddleware: RouterMiddleware {
    private static let prefix = "/api/v1/"
    private static let closed = ["telemetry", "admin/", "write", "otlp/", "import/"]
    private static let headers: HTTPFields = {
        var headers: HTTPFields = [
            .accessControlAllowOrigin: "*", .accessControlAllowMethods: "GET, POST, OPTIONS",
            .accessControlAllowHeaders: "Accept, Authorization, Content-Type, Origin",
            .accessControlExposeHeaders: "Date",
        ]
        headers[.vary] = "Origin"
        return headers
    }()

    package init() {}

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard path.hasPrefix(Self.prefix) else { return try await next(request, context) }
        var response: Response
        if request.method == .options {
            response = Response(status: .noContent)
        } else {
            do {
                response = try await next(request, context)
            } catch let error as any HTTPResponseError {
                // A page is to see the reason, too.
                response = try error.response(from: request, context: context)
            }
        }
        let name = path.dropFirst(Self.prefix.count)
        if request.headers[.origin] != nil, !Self.closed.contains(where: name.hasPrefix) {
            for header in Self.headers { response.headers.append(header) }
        }
        return response
    }
}
