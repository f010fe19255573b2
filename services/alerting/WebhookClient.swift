import AsyncHTTPClient
import HTTPSupport
import NIOCore
import NIOHTTP1

/// Posts notifications.
struct WebhookClient: Sendable {
    let client: HTTPClient
    let externalURL: String

    /// Returns when the receiver answered 2xx.
    func post(_ notification: AlertNotification, to receiver: WebhookReceiver) async throws(DeliveryFailure) {
        var request = HTTPClientRequest(url: receiver.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Heliograph")
        let payload = WebhookPayload(notification: notification, receiver: receiver, externalURL: externalURL)
        request.body = .bytes(ByteBuffer(string: payload.json))
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .nanoseconds(receiver.timeout.nanoseconds))
        } catch let error as HTTPClientError {
            throw .unreachable(reason: error.shortDescription)
        } catch let error as IOError {
            throw .unreachable(reason: error.reason)
        } catch {
            throw .unreachable(reason: "\(type(of: error))")
        }
        guard (200..<300).contains(response.status.code) else {
            let retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }
            throw .refused(status: Int(response.status.code), retryAfterSeconds: retryAfter)
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (whole, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : max(1, whole)
    }
}
