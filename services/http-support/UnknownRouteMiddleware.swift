import HTTPTypes
package import Hummingbird
import Synchronization

/// Answers what no route takes in the same JSON form as all other errors: 404 for unknown paths, and 405 with the methods that
/// there are (RFC 9110, section 15.5.6) for a path that is known.
package final class UnknownRouteMiddleware: RouterMiddleware {
    private struct Known: Sendable {
        let method: HTTPRequest.Method
        let components: [RouterPath.Element]
    }

    private let known = Mutex<[Known]>([])

    package init() {}

    /// To be called when the router has all of its routes.
    package func learn(_ routes: [Router<AppContext>.RouteDescription]) {
        known.withLock { known in
            known = routes.map { Known(method: $0.method, components: Array($0.path)) }
        }
    }

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let methods = methods(at: request.uri.path)
            guard !methods.isEmpty, !methods.contains(request.method.rawValue) else {
                throw APIError(.notFound, "there is nothing at \(request.method) \(request.uri.path); see docs/api.md")
            }
            let allowed = methods.joined(separator: ", ")
            let refusal = APIError(
                .methodNotAllowed, "\(request.method) is not allowed at \(request.uri.path), but \(allowed)")
            var response = try refusal.response(from: request, context: context)
            response.headers[.allow] = allowed
            return response
        }
    }

    /// In order, each once.
    private func methods(at path: String) -> [String] {
        let parts = path.split(separator: "/")
        let methods = known.withLock { known in
            known.filter { route in
                // `**` stands for all that follows.
                let hasEnough =
                    route.components.last == .recursiveWildcard
                    ? parts.count >= route.components.count : parts.count == route.components.count
                return hasEnough && zip(route.components, parts).allSatisfy { component, part in component ~= part }
            }
            .map(\.method.rawValue)
        }
        return Set(methods).sorted()
    }
}
