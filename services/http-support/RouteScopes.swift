package import AccessControl
package import HTTPTypes
import Hummingbird

/// What a route asks of its callers.
package enum RouteRequirement: Hashable, Sendable {
    /// Nothing: it gives away nothing but that a server is there.
    case open
    case scope(AccessScope)
}

/// Which scope each route needs. A route that is not listed needs `admin`, so that one that was forgotten is closed.
package struct RouteScopes: Sendable {
    private var requirements: [String: [HTTPRequest.Method: RouteRequirement]] = [:]

    /// - Parameter rows: routes as `GET /path` or `GET,POST /path`, with the path as the router has it.
    package init(_ rows: [(requirement: RouteRequirement, routes: [String])]) {
        for (requirement, routes) in rows {
            for route in routes {
                let parts = route.split(separator: " ")
                precondition(parts.count == 2, "\(route): expected methods and a path")
                let path = RouterPath(String(parts[1])).description
                for name in parts[0].split(separator: ",") {
                    guard let method = HTTPRequest.Method(rawValue: String(name)) else { continue }
                    let before = requirements[path, default: [:]].updateValue(requirement, forKey: method)
                    precondition(before == nil, "\(name) \(path) is listed twice")
                }
            }
        }
    }

    /// - Parameter path: the route's, not the request's.
    package func requirement(_ method: HTTPRequest.Method, _ path: String) -> RouteRequirement {
        requirements[path]?[method] ?? .scope(.admin)
    }

    /// For tests.
    package func isListed(_ method: HTTPRequest.Method, _ path: String) -> Bool { requirements[path]?[method] != nil }

    /// Every listed route, as `GET /path`.
    package var routes: Set<String> {
        Set(requirements.flatMap { path, methods in methods.keys.map { "\($0.rawValue) \(path)" } })
    }
}
