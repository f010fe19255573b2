import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Producer
import WireFormats

/// A server that a command asks, over HTTP.
struct RunningServer {
    /// Bytes that a command takes.
    private static let longestAnswer = 1 << 30

    /// Without a slash at the end.
    let url: String

    private static let credentials = ServerCredentials(environment: ProcessInfo.processInfo.environment)

    /// Says at once when nobody listens; the shared client would try again for more than a minute.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
        configuration.connectionPool.retryConnectionEstablishment = false
        credentials.apply(to: &configuration)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    init(url: String) { self.url = url.hasSuffix("/") ? String(url.dropLast()) : url }

    /// The answer's body.
    ///
    /// - Throws: `CommandFailure` if there is no answer, or none with status 200.
    func ask(
        _ method: HTTPMethod = .GET, _ path: String, _ parameters: [(name: String, value: String)],
        body content: [UInt8]? = nil, timeout: TimeAmount = .seconds(120)
    ) async throws -> String {
        var request = HTTPClientRequest(url: "\(url)\(path)\(RunningServer.query(parameters))")
        request.method = method
        if let content { request.body = .bytes(ByteBuffer(bytes: content)) }
        RunningServer.credentials.apply(to: &request.headers)
        let body: ByteBuffer
        let status: UInt
        do {
            let response = try await RunningServer.client.execute(request, timeout: timeout)
            status = response.status.code
            body = try await response.body.collect(upTo: 64 << 20)
        } catch {
            throw CommandFailure("no answer from \(url): \(error); is the server running there? See --url.")
        }
        let text = String(buffer: body)
        guard status == 200 else { throw CommandFailure("\(url) answered \(status): \(RunningServer.sentence(text))") }
        return text
    }

    /// The answer to a form, whatever its status.
    ///
    /// - Throws: `CommandFailure` if there is none.
    func post(
        _ path: String, _ form: [(name: String, value: String)], timeout: TimeAmount = .minutes(10)
    ) async throws -> (status: UInt, body: [UInt8]) {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        RunningServer.credentials.apply(to: &request.headers)
        request.body = .bytes(ByteBuffer(string: String(RunningServer.query(form).dropFirst())))
        do {
            let response = try await RunningServer.client.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.longestAnswer)
            return (response.status.code, Array(buffer: body))
        } catch is NIOTooManyBytesError {
            throw CommandFailure(
                "the answer of \(url) is longer than \(Self.longestAnswer >> 20) MiB; narrow what is asked for, or use export"
            )
        } catch {
            throw CommandFailure("no answer from \(url): \(error); is the server running there? See --url.")
        }
    }

    /// An answer of any length, whatever its status.
    static func download(_ address: String) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address)
        credentials.apply(to: &request.headers)
        return try await client.execute(request, deadline: .distantFuture)
    }

    static func query(_ parameters: [(name: String, value: String)]) -> String {
        parameters.isEmpty ? "" : "?" + QueryText.encoded(parameters)
    }

    /// The sentence of an error answer, or all of it.
    private static func sentence(_ text: String) -> String {
        struct Failure: Decodable { let error: String }
        return (try? JSONDecoder().decode(Failure.self, from: Data(text.utf8)))?.error ?? text
    }
}
