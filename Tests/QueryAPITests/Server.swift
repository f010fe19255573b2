import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KPIAnalytics
import NIOCore
import PromQLEngine
import SelfMetrics
import Testing
import TimeSeriesStore

@testable import QueryAPI

/// 2026-01-01T00:00:00Z, the present of every test.
let now: Int64 = 1_767_225_600_000

func environment(
    _ store: MemoryStore, limits: QueryLimits = QueryLimits(),
    barrier: @escaping @Sendable () async throws -> Void = {},
    progress: @escaping @Sendable () -> PipelineProgress = { PipelineProgress(received: 7, appliedOffset: 3) }
) -> QueryEnvironment {
    QueryEnvironment(
        store: store, engineOptions: EngineOptions(),
        kpis: KPICalculator(store: store, engine: PromQLEngine(store: store)),
        work: BlockingWork(label: "test", width: 2), limits: limits,
        build: BuildInfo(version: "0.1.0", revision: "abc"), metrics: QueryMetrics(MetricsRegistry()),
        barrier: barrier, progress: progress, now: { now })
}

func application(_ environment: QueryEnvironment) -> some ApplicationProtocol {
    let router = Router(context: AppContext.self)
    router.addMiddleware {
        CompressionMiddleware()
        CrossOriginMiddleware()
    }
    addQueryRoutes(to: router, environment: environment)
    return Application(
        router: router, server: .http1(configuration: .init(additionalChannelHandlers: [ClientWatch()])),
        configuration: .init(address: .hostname("127.0.0.1", port: 0)))
}

struct Answer {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: String

    /// What stands between `"data":` and the end, or the whole body.
    var data: String {
        let prefix = #"{"status":"success","data":"#
        return body.hasPrefix(prefix) ? String(body.dropFirst(prefix.count).dropLast()) : body
    }
}

/// Runs one request over the router.
func ask(
    _ store: MemoryStore, _ uri: String, form: String? = nil, limits: QueryLimits = QueryLimits(),
    contentType: String? = "application/x-www-form-urlencoded"
) async throws -> Answer {
    try await ask(environment(store, limits: limits), uri, form: form, contentType: contentType)
}

func ask(
    _ environment: QueryEnvironment, _ uri: String, form: String? = nil,
    contentType: String? = "application/x-www-form-urlencoded"
) async throws -> Answer {
    try await application(environment).test(.router) { client in
        var headers = HTTPFields()
        if form != nil, let contentType { headers[.contentType] = contentType }
        return try await client.execute(
            uri: uri, method: form == nil ? .get : .post, headers: headers, body: form.map { ByteBuffer(string: $0) }
        ) { Answer(status: $0.status, headers: $0.headers, body: String(buffer: $0.body)) }
    }
}

/// Checks that a request is refused with this status, type and message.
func expectError(
    _ answer: Answer, _ status: Int, _ type: String, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(answer.status.code == status, sourceLocation: sourceLocation)
    let expected = #"{"status":"error","errorType":"\#(type)","error":""#
    #expect(answer.body.hasPrefix(expected), "\(answer.body)", sourceLocation: sourceLocation)
    #expect(answer.body.contains(message), "\(answer.body)", sourceLocation: sourceLocation)
}
