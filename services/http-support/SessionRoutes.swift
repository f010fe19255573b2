import AccessControl
import HTTPTypes
package import Hummingbird

/// `/session`: signs a browser in, by a cookie that scripts cannot read and that allows reading only.
///
/// The cookie holds the token itself, so that there is no second thing to keep, to revoke or to lose at a restart.
package struct SessionRoutes: Sendable {
    private static let longestForm = 4096

    private let gate: AccessGate
    private let isSecure: Bool

    /// - Parameter isSecure: the server speaks TLS, and the cookie is for TLS only.
    package init(gate: AccessGate, isSecure: Bool) {
        self.gate = gate
        self.isSecure = isSecure
    }

    package func add(to router: Router<AppContext>) {
        router.get("/session") { request, _ in
            show(Credential(request.headers).flatMap { try? gate.token(for: $0.text) })
        }
        router.post("/session") { request, _ in
            var request = request
            return try await signIn(&request)
        }
        router.delete("/session") { _, _ in
            var response = show(nil)
            response.headers[.setCookie] = "\(Credential.cookieName)=; Max-Age=0; \(attributes)"
            return response
        }
    }

    private var attributes: String { "Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "") }

    private func signIn(_ request: inout Request) async throws -> Response {
        let parameters = try await RequestParameters(reading: &request, limit: Self.longestForm)
        let text = try parameters.required("token", "a token with the scope read").filter { !$0.isWhitespace }
        let token: AccessToken
        do throws(TokenRefusal) {
            token = try gate.token(for: text)
            if !token.scope.contains(.read) { throw .scope }
        } catch {
            // A browser asks its user by itself if there is a challenge of a kind that it knows; the page asks better.
            throw APIError(error, needed: AccessScope.read.names)
        }
        var response = show(token)
        response.headers[.setCookie] = "\(Credential.cookieName)=\(text); \(attributes)"
        return response
    }

    private func show(_ token: AccessToken?) -> Response {
        var response = Response.json(
            .success { data in
                data.object { session in
                    session.field("token_needed", gate.isTokenNeeded)
                    session.field("signed_in", token.map { $0.scope.contains(.read) } ?? false)
                    session.field("name", token?.name)
                }
            })
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
