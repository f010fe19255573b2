import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Dashboard

@Suite("Dashboard routes")
struct DashboardRoutesTests {
    private let application: Application<RouterResponder<AppContext>>

    init() {
        let router = Router(context: AppContext.self)
        addDashboardRoutes(to: router)
        application = Application(responder: router.buildResponder())
    }

    @Test("the page is HTML that forbids foreign and inline content and names the current revision")
    func page() async throws {
        try await application.test(.router) { client in
            try await client.execute(uri: "/", method: .get) { response in
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "text/html; charset=utf-8")
                #expect(response.headers[.cacheControl] == "no-cache")
                #expect(response.headers[.xContentTypeOptions] == "nosniff")
                let policy = try #require(response.headers[.contentSecurityPolicy])
                #expect(policy.hasPrefix("default-src 'self';"))
                #expect(!policy.contains("unsafe"))
                let text = String(buffer: response.body)
                #expect(text.contains("/assets/\(DashboardAssets.embedded.revision)/main.js"))
                #expect(!text.contains("/assets/-/"))
            }
        }
    }

    @Test("everything that the page refers to is there")
    func references() async throws {
        try await application.test(.router) { client in
            let page =
                try await client.execute(uri: "/", method: .get) { String(buffer: $0.body) }
                + client.execute(uri: "/dead-letters", method: .get) { String(buffer: $0.body) }
            let addresses = quotedValues(in: page).filter { $0.hasPrefix("/assets/") }
            #expect(addresses.count >= 8)
            for address in addresses {
                try await client.execute(uri: address, method: .get) { response in
                    #expect(response.status == .ok, "\(address)")
                    #expect(response.headers[.cacheControl] == "public, max-age=31536000, immutable")
                    #expect(response.headers[.contentType] != "application/octet-stream", "\(address)")
                    #expect(response.body.readableBytes > 0)
                }
            }
        }
    }

    @Test("a file under an earlier revision is served, but not to be kept")
    func earlierRevision() async throws {
        try await application.test(.router) { client in
            try await client.execute(uri: "/assets/0123456789abcdef/main.js", method: .get) { response in
                #expect(response.status == .ok)
                #expect(response.headers[.cacheControl] == "no-cache")
            }
        }
    }

    @Test(
        "an unknown file is answered with 404 in the API's form",
        arguments: ["none.js", "..%2Findex.html", "index.html"])
    func unknownFile(name: String) async throws {
        try await application.test(.router) { client in
            try await client.execute(uri: "/assets/x/\(name)", method: .get) { response in
                #expect(response.status == .notFound)
                #expect(String(buffer: response.body).contains("\"errorType\":\"not_found\""))
            }
        }
    }

    @Test(
        "a matching entity tag gets 304 without a body", arguments: ["/", "/dashboards/fleet.json", "/assets/x/api.js"])
    func notModified(uri: String) async throws {
        try await application.test(.router) { client in
            let tag = try await client.execute(uri: uri, method: .get) { try #require($0.headers[.eTag]) }
            for condition in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                try await client.execute(uri: uri, method: .get, headers: [.ifNoneMatch: condition]) { response in
                    #expect(response.status == .notModified, "\(condition)")
                    #expect(response.headers[.eTag] == tag)
                    #expect(response.body.readableBytes == 0)
                }
            }
            try await client.execute(uri: uri, method: .get, headers: [.ifNoneMatch: "\"other\""]) { response in
                #expect(response.status == .ok)
            }
        }
    }

    @Test("HEAD answers like GET, without the body")
    func head() async throws {
        try await application.test(.live) { client in
            let length = try await client.execute(uri: "/", method: .get) { $0.body.readableBytes }
            try await client.execute(uri: "/", method: .head) { response in
                #expect(response.status == .ok)
                #expect(response.headers[.contentLength] == String(length))
                #expect(response.body.readableBytes == 0)
            }
        }
    }
}

/// What stands between double quotes after an equals sign.
private func quotedValues(in html: String) -> [String] {
    html.split(separator: "=\"", omittingEmptySubsequences: false).dropFirst()
        .compactMap { $0.split(separator: "\"", omittingEmptySubsequences: false).first.map(String.init) }
}
