import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@Suite struct UnknownRouteTests {
    private func ask(_ method: HTTPRequest.Method, _ path: String) async throws -> TestResponse {
        let router = Router(context: AppContext.self)
        let unknownRoutes = UnknownRouteMiddleware()
        router.addMiddleware { unknownRoutes }
        router.get("/api/v1/query") { _, _ in "ok" }
        router.post("/api/v1/query") { _, _ in "ok" }
        router.get("/api/v1/label/:name/values") { _, _ in "ok" }
        router.get("/gone") { _, _ -> String in throw HTTPError(.notFound) }
        unknownRoutes.learn(router.routes)
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: path, method: method) { $0 }
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/api/v1/query", 200, nil), (.put, "/api/v1/query?query=1", 405, "GET, POST"),
        (.post, "/api/v1/label/job/values", 405, "GET"), (.get, "/api/v1/label/job", 404, nil), (.put, "/", 404, nil),
        (.get, "/gone", 404, nil),
    ])
    func methods(method: HTTPRequest.Method, path: String, status: Int, allowed: String?) async throws {
        let answer = try await ask(method, path)
        #expect(answer.status.code == status)
        #expect(answer.headers[.allow] == allowed)
        if status == 405 {
            let start = #"{"status":"error","errorType":"method_not_allowed","error":""#
            #expect(String(buffer: answer.body).hasPrefix(start))
        }
        if status == 404 { #expect(String(buffer: answer.body).contains("there is nothing at")) }
    }
}
