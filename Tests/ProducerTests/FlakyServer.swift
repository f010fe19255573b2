import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server that counts the records it acknowledges, and misbehaves as it is told.
final class FlakyServer: Sendable {
    enum Behavior: Sendable {
        case accept
        case answer(status: Int, retryAfter: String?)
        /// Closes the connection without an answer, before or after it took the records.
        case close(keepsRecords: Bool)
        /// Takes all but one record.
        case refuseOne
    }

    private struct State {
        var requests = 0
        var acknowledged: [String: Int] = [:]
        var dropped: [String] = []
        var connections = 0
    }

    private let state = Mutex(State())
    private let behavior: @Sendable (_ request: Int) -> Behavior
    private let onRequest: @Sendable (_ request: Int) -> Void
    private let channel: any Channel

    /// Records by how often they were acknowledged with a 2xx answer.
    var acknowledged: [String: Int] { state.withLock { $0.acknowledged } }
    /// Records that were taken although the answer never came.
    var takenSilently: [String] { state.withLock { $0.dropped } }
    var requests: Int { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    static func withServer<Result>(
        behavior: @escaping @Sendable (_ request: Int) -> Behavior = { _ in .accept },
        onRequest: @escaping @Sendable (_ request: Int) -> Void = { _ in },
        _ body: (FlakyServer) async throws -> Result
    ) async throws -> Result {
        let server = try await FlakyServer(behavior: behavior, onRequest: onRequest)
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try? await server.channel.close()
            throw error
        }
    }

    private init(
        behavior: @escaping @Sendable (_ request: Int) -> Behavior, onRequest: @escaping @Sendable (Int) -> Void
    ) async throws {
        self.behavior = behavior
        self.onRequest = onRequest
        let box = Mutex<FlakyServer?>(nil)
        let shared = SharedBox(box)
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(server: shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        shared.box.withLock { $0 = self }
    }

    fileprivate func opened() { state.withLock { $0.connections += 1 } }

    fileprivate func take(_ body: String) -> (Behavior, records: Int) {
        let lines = body.split(separator: "\n").map(String.init)
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        let behavior = behavior(number)
        state.withLock { state in
            switch behavior {
            case .accept: for line in lines { state.acknowledged[line, default: 0] += 1 }
            case .refuseOne: for line in lines.dropLast() { state.acknowledged[line, default: 0] += 1 }
            case .close(keepsRecords: true): state.dropped += lines
            case .close(keepsRecords: false), .answer: break
            }
        }
        onRequest(number)
        return (behavior, lines.count)
    }
}

/// The server is known to its handlers only after it is bound.
private final class SharedBox: Sendable {
    let box: Mutex<FlakyServer?>
    init(_ box: consuming Mutex<FlakyServer?>) { self.box = box }
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: SharedBox
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(server: SharedBox) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        server.box.withLock { $0 }?.opened()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part): body.writeBuffer(&part)
        case .end: answer(context: context)
        }
    }

    private func answer(context: ChannelHandlerContext) {
        guard let head, head.uri == "/api/v1/telemetry", head.method == .POST,
            let server = server.box.withLock({ $0 })
        else { return write(context, .notFound, [:], "{\"error\":\"not here\"}") }
        let (behavior, records) = server.take(String(buffer: body))
        switch behavior {
        case .accept: write(context, .ok, [:], "{\"accepted\":\(records),\"rejected\":0}")
        case .refuseOne: write(context, .ok, [:], "{\"accepted\":\(records - 1),\"rejected\":1,\"errors\":[]}")
        case .answer(let status, let retryAfter):
            var headers = HTTPHeaders()
            if let retryAfter { headers.add(name: "Retry-After", value: retryAfter) }
            write(context, HTTPResponseStatus(statusCode: status), headers, "{\"error\":\"later\"}")
        case .close: context.close(promise: nil)
        }
    }

    private func write(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ text: String
    ) {
        var headers = headers
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
