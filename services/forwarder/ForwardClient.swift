import AsyncHTTPClient
import Foundation
import HTTPSupport
import NIOCore
import NIOHTTP1

/// Sends messages of remote write 1.0 to one receiver.
struct ForwardClient: Sendable {
    enum Answer: Sendable {
        /// The receiver has it.
        case taken
        /// It will never take it: a 4xx but 429.
        case refused(String)
        /// It may take it later, at the earliest after so long.
        case unavailable(String, retryAfter: Duration?)
    }

    /// Bytes of an answer that are looked at.
    private static let longestAnswer = 4096
    /// Longer waits than this are not believed.
    private static let longestRetryAfter = 300

    let client: HTTPClient
    let receiver: ForwardReceiver

    /// - Parameter message: in a snappy block.
    func send(_ message: [UInt8]) async -> Answer {
        var request = HTTPClientRequest(url: receiver.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-protobuf")
        request.headers.add(name: "Content-Encoding", value: "snappy")
        request.headers.add(name: "X-Prometheus-Remote-Write-Version", value: "0.1.0")
        request.headers.add(name: "User-Agent", value: "Heliograph")
        for header in receiver.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        if let file = receiver.bearerTokenFile {
            guard let token = try? String(contentsOfFile: file, encoding: .utf8) else {
                return .unavailable("bearer_token_file \(file) cannot be read", retryAfter: nil)
            }
            let bare = token.trimmingCharacters(in: .whitespacesAndNewlines)
            request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(bare)")
        }
        request.body = .bytes(ByteBuffer(bytes: message))
        do {
            let seconds = receiver.timeout.components.seconds
            let response = try await client.execute(
                request,
                timeout: .milliseconds(seconds * 1000 + receiver.timeout.components.attoseconds / 1_000_000_000_000_000)
            )
            let status = Int(response.status.code)
            var text = ""
            // An answer that is cut short says as much by its status.
            if let body = try? await response.body.collect(upTo: ForwardClient.longestAnswer) {
                text = String(buffer: body).split(separator: "\n").first.map(String.init) ?? ""
            }
            let reason = "HTTP \(status) \(text)"
            switch status {
            case 200..<300: return .taken
            case 429, 500...: return .unavailable(reason, retryAfter: retryAfter(response.headers))
            default: return .refused(reason)
            }
        } catch let error as HTTPClientError {
            return .unavailable(error.shortDescription, retryAfter: nil)
        } catch let error as IOError {
            return .unavailable("no connection: \(error.reason)", retryAfter: nil)
        } catch {
            return .unavailable("\(error)", retryAfter: nil)
        }
    }

    private func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        headers.first(name: "Retry-After").flatMap { Int($0) }
            .map { .seconds(min(max($0, 0), ForwardClient.longestRetryAfter)) }
    }
}
