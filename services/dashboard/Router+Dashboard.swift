import Foundation
package import HTTPSupport
import HTTPTypes
package import Hummingbird
import NIOCore

/// What the page may do: load from this server and nowhere else, run no inline script and no inline style, be framed
/// by nobody.
private let contentSecurityPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

/// The page at `/`, that of dead letters at `/dead-letters`, their files under `/assets/{revision}/{name}`, its definition at `/dashboards/fleet.json`; each for
/// GET and HEAD, from memory. Asks for nothing else of the server than its HTTP API.
///
/// `/graph?g0.expr=…`, where Prometheus' notifications and tools link to, leads to the same expression in the explore panel.
package func addDashboardRoutes(to router: Router<AppContext>) {
    let assets = DashboardAssets.embedded
    serve(router, "/") { _, _ in (assets.page, .revalidate) }
    serve(router, "/dead-letters") { _, _ in (assets.letterPage, .revalidate) }
    serve(router, "/dashboards/fleet.json") { _, _ in (assets.definition, .revalidate) }
    router.get("/graph") { request, _ in
        let expression = request.uri.queryParameters["g0.expr"].map(String.init) ?? ""
        // Only unreserved characters stay (RFC 3986, section 2.3).
        let unreserved = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        let value = expression.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
        return Response.redirect(to: value.isEmpty ? "/" : "/?expr=\(value)", type: .found)
    }
    serve(router, "/assets/:revision/:name") { _, context in
        guard let name = context.parameters.get("name"), let asset = assets.files[name] else {
            throw APIError(.notFound, "There is no such file in the dashboard.")
        }
        // A page from before an update still gets files, but must not keep them under the old address.
        return (asset, context.parameters.get("revision") == assets.revision ? .keep : .revalidate)
    }
}

private enum Caching: String {
    /// Ask each time; the entity tag makes the answer short.
    case revalidate = "no-cache"
    /// The address changes with the content (RFC 8246).
    case keep = "public, max-age=31536000, immutable"
}

private func serve(
    _ router: Router<AppContext>, _ path: RouterPath,
    find: @escaping @Sendable (Request, AppContext) throws -> (DashboardAsset, Caching)
) {
    router.get(path) { request, context in
        let (asset, caching) = try find(request, context)
        return respond(to: request, with: asset, caching)
    }
    router.head(path) { request, context in
        let (asset, caching) = try find(request, context)
        return respond(to: request, with: asset, caching).createHeadResponse()
    }
}

private func respond(to request: Request, with asset: DashboardAsset, _ caching: Caching) -> Response {
    var headers: HTTPFields = [
        .eTag: asset.tag.header,
        .cacheControl: caching.rawValue,
        .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: contentSecurityPolicy,
    ]
    if let referrerPolicy = HTTPField.Name("Referrer-Policy") { headers[referrerPolicy] = "no-referrer" }
    if request.headers[values: .ifNoneMatch].contains(where: asset.tag.isNamed(by:)) {
        return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = asset.contentType
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.body))
}
