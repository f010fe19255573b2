import Foundation
package import HTTPTypes

/// What a request shows to say who sent it.
package struct Credential: Sendable {
    package static let cookieName = "heliograph_token"

    /// A token's text, as it came.
    package let text: String
    /// A browser sent it by itself, perhaps for a page that is not ours.
    package let isCookie: Bool

    /// The header `Authorization` as clients have it: `Bearer` (OpenTelemetry, Prometheus, curl), `Token` (InfluxDB's version 2),
    /// and `Basic` with the token as password and any user (Grafana, InfluxDB's version 1); otherwise the dashboard's cookie. Nil
    /// if there is neither, and with an empty text if the header is another one.
    package init?(_ headers: HTTPFields) {
        if let header = headers[.authorization] {
            text = Credential.text(ofAuthorization: header)
            isCookie = false
        } else if let token = Credential.cookie(headers) {
            text = token
            isCookie = true
        } else {
            return nil
        }
    }

    private static func text(ofAuthorization header: String) -> String {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { return "" }
        let value = String(parts[1].drop { $0 == " " })
        switch parts[0].lowercased() {
        case "bearer", "token": return value
        case "basic":
            guard let bytes = Data(base64Encoded: value) else { return "" }
            // User names have no colon (RFC 7617, section 2).
            return bytes.firstIndex(of: UInt8(ascii: ":"))
                .map { String(decoding: bytes[bytes.index(after: $0)...], as: UTF8.self) } ?? ""
        default: return ""
        }
    }

    private static func cookie(_ headers: HTTPFields) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].filter({ $0 != " " }) == cookieName { return String(parts[1]) }
            }
        }
        return nil
    }
}
