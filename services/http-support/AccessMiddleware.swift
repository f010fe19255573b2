package import AccessControl
import HTTPTypes
package import Hummingbird

/// The caller of the request that a task works on.
package enum RequestCaller {
    /// Nil for nobody in particular.
    @TaskLocal package static var token: AccessToken?
}

/// Lets a request through to its route if it shows a token that allows it. Belongs behind what answers for unknown paths.
package struct AccessMiddleware: RouterMiddleware {
    private static let realm = "realm=\"heliograph\""

    private let gate: AccessGate
    private let scopes: RouteScopes
    private let form: @Sendable (APIError, Request) -> Response?

    /// - Parameter form: a refusal as the request's protocol has it; nil for the form that all routes share.
    package init(
        gate: AccessGate, scopes: RouteScopes,
        form: @escaping @Sendable (APIError, Request) -> Response? = { _, _ in nil }
    ) {
        self.gate = gate
        self.scopes = scopes
        self.form = form
    }

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        // Without a route there is nothing to protect.
        guard let path = context.endpointPath else { return try await next(request, context) }
        let requirement = scopes.requirement(request.method, path)
        let token: AccessToken?
        do throws(TokenRefusal) {
            token = try gate.admit(Credential(request.headers), requirement)
        } catch {
            return try refusal(error, requirement, request, context)
        }
        guard let token else { return try await next(request, context) }
        return try await RequestCaller.$token.withValue(token) { try await next(request, context) }
    }

    /// RFC 6750, section 3.
    private func refusal(
        _ refusal: TokenRefusal, _ requirement: RouteRequirement, _ request: Request, _ context: AppContext
    ) throws -> Response {
        let needed = if case .scope(let scope) = requirement { scope.names } else { "" }
        let error = APIError(refusal, needed: needed)
        var response = try form(error, request) ?? error.response(from: request, context: context)
        let detail =
            switch refusal {
            case .missing: ""
            case .scope: ", error=\"insufficient_scope\", scope=\"\(needed)\""
            case .malformed, .unknown, .revoked, .expired: ", error=\"invalid_token\""
            }
        response.headers[.wwwAuthenticate] = "Bearer \(Self.realm)\(detail)"
        return response
    }
}

extension APIError {
    /// - Parameter needed: the scope's name.
    init(_ refusal: TokenRefusal, needed: String) {
        switch refusal {
        case .missing:
            self.init(
                .unauthorized,
                "this needs a token with the scope \(needed): send the header \"Authorization: Bearer hg_…\"; heliograph token "
                    + "create makes one")
        case .malformed:
            self.init(
                .unauthorized,
                "Authorization: expected Bearer, Token or Basic (as password) with a token hg_…, got something else")
        case .unknown:
            self.init(.unauthorized, "there is no such token here: expected one that heliograph token list shows")
        case .revoked: self.init(.unauthorized, "the token was revoked; ask for another one")
        case .expired: self.init(.unauthorized, "the token has expired; ask for another one")
        case .scope:
            self.init(.forbidden, "the token does not have the scope \(needed), which this needs")
        }
    }
}
