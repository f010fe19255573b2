import AccessControl
import HTTPSupport
import Hummingbird
import Logging
import Processor
import Settings
import TestSupport
import Testing

@testable import heliograph

/// Every route of the real server has its scope, and no scope is for a route that is not there.
@Suite struct RouteScopesTests {
    @Test func everyRouteHasAScope() throws {
        let folder = try TemporaryFolder()
        var settings = HeliographSettings()
        settings.data.dir = folder.path
        let platform = try Platform(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // Closing waits for it.
        platform.processor.start()
        let alerting = try AlertingAssembly(platform: platform).service()
        let router = buildRouter(platform: platform, queries: try platform.queryEnvironment(), alerting: alerting)
        let routes = Set(router.routes.map { "\($0.method.rawValue) \($0.path.description)" })
        #expect(routes.count > 60)
        for route in routes.subtracting(RouteScopes.all.routes).sorted() {
            Issue.record("\(route) has no scope: add it to services/heliograph/Access/RouteScopes+All.swift")
        }
        #expect(RouteScopes.all.routes.subtracting(routes).sorted() == [])
        try platform.close()
    }

    @Test func aRouteThatIsNotListedIsClosed() {
        #expect(RouteScopes.all.requirement(.get, "/api/v1/new") == .scope(.admin))
        #expect(RouteScopes.all.requirement(.get, "/healthz") == .open)
        #expect(RouteScopes.all.requirement(.delete, "/api/v1/series") == .scope(.admin))
        #expect(RouteScopes.all.requirement(.get, "/api/v1/series") == .scope(.read))
    }
}
