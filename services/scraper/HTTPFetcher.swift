import AsyncHTTPClient
import Foundation
import HTTPSupport
import NIOCore
import NIOHTTP1
import NIOSSL
import ScrapeConfig

/// Gets bodies from servers that are all reached in the same way. Must be shut down in the end.
final class HTTPFetcher: Sendable {
    struct Answer {
        let contentType: String
        let body: ByteBuffer
        let isGzip: Bool
    }

    private let client: HTTPClient
    private let access: HTTPAccess
    /// Of the address of a server whose certificate is for another name, as TLS has its own way to that name.
    private let serverHost: String?

    /// - Parameter host: of the only server; needed if its certificate is for another name (`server_name`).
    /// - Throws: `ScrapeFailure` if certificates or keys cannot be read.
    init(_ access: HTTPAccess, host: String?) throws(ScrapeFailure) {
        self.access = access
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try Self.tls(access.tls)
        configuration.redirectConfiguration =
            access.followsRedirects ? .follow(max: 10, allowCycles: false) : .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        if let host, !access.tls.serverName.isEmpty {
            configuration.dnsOverride = [access.tls.serverName: host]
            serverHost = host
        } else {
            serverHost = nil
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async { try? await client.shutdown() }

    /// The body of an answer with status 200.
    ///
    /// - Parameter limit: bytes of the body as it comes.
    func get(
        _ url: String, headers: [(String, String)], timeoutMilliseconds: Int64, limit: Int
    ) async throws(ScrapeFailure) -> Answer {
        var request = HTTPClientRequest(url: address(url))
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let serverHost, serverHost != access.tls.serverName, let host = URL(string: url)?.authority {
            request.headers.replaceOrAdd(name: "Host", value: host)
        }
        if let value = try authorization() { request.headers.add(name: "Authorization", value: value) }
        do {
            let timeout = TimeAmount.milliseconds(timeoutMilliseconds)
            let response = try await client.execute(request, deadline: .now() + timeout)
            guard response.status == .ok else {
                throw ScrapeFailure(
                    "server returned HTTP status \(response.status.code) \(response.status.reasonPhrase)")
            }
            let coding = response.headers.first(name: "Content-Encoding")?.lowercased() ?? ""
            guard ["", "identity", "gzip", "x-gzip"].contains(coding) else {
                throw ScrapeFailure("expected Content-Encoding gzip or none, got \"\(coding.prefix(64))\"")
            }
            let body = try await response.body.collect(upTo: limit)
            return Answer(
                contentType: response.headers.first(name: "Content-Type") ?? "", body: body,
                isGzip: coding.hasSuffix("gzip"))
        } catch let failure as ScrapeFailure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw ScrapeFailure("body size limit exceeded: the body is longer than \(limit) bytes")
        } catch {
            throw ScrapeFailure(Self.sentence(error, url, timeoutMilliseconds))
        }
    }

    /// With the certificate's name in place of the host.
    private func address(_ url: String) -> String {
        guard serverHost != nil, var parts = URLComponents(string: url) else { return url }
        parts.host = access.tls.serverName
        return parts.string ?? url
    }

    private func authorization() throws(ScrapeFailure) -> String? {
        switch access.authorization {
        case .none: return nil
        case .basic(let user, let password):
            let pair = "\(try Self.text(of: user)):\(try Self.text(of: password))"
            return "Basic \(Data(pair.utf8).base64EncodedString())"
        case .credentials(let type, let secret): return "\(type) \(try Self.text(of: secret))"
        }
    }

    private static let longestSecret = 1 << 20

    /// Read each time, as whoever renews a token writes it into its file.
    private static func text(of secret: HTTPAccess.Secret) throws(ScrapeFailure) -> String {
        switch secret {
        case .text(let text): return text
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path), data.count <= longestSecret,
                let text = String(data: data, encoding: .utf8)
            else { throw ScrapeFailure("the file \(path), which is to hold a password or token, cannot be read") }
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    private static func tls(_ wanted: HTTPAccess.TLS) throws(ScrapeFailure) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            if let authorities = wanted.authorities {
                configuration.trustRoots = .certificates(
                    try NIOSSLCertificate.fromPEMBytes(Array(try text(of: authorities).utf8)))
            }
            if let certificate = wanted.certificate, let key = wanted.key {
                configuration.certificateChain =
                    try NIOSSLCertificate.fromPEMBytes(Array(try text(of: certificate).utf8)).map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(bytes: Array(try text(of: key).utf8), format: .pem))
            }
        } catch let failure as ScrapeFailure {
            throw failure
        } catch {
            throw ScrapeFailure("tls_config: certificates or key cannot be read: \(error)")
        }
        if wanted.skipsVerification { configuration.certificateVerification = .none }
        if let version = wanted.minimumVersion { configuration.minimumTLSVersion = version.version }
        configuration.maximumTLSVersion = wanted.maximumVersion?.version
        return configuration
    }

    private static func words(for error: NIOSSLError) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the server's certificate is signed by nobody who is trusted; see tls_config.ca_file"
        }
        // The library's reason stands before the place in its source.
        let reason = text.components(separatedBy: "OPENSSL_internal:").dropFirst().first?.prefix { $0 != " " }
        return "TLS failed: \(reason.map(String.init) ?? text)"
    }

    private static func sentence(_ error: any Error, _ url: String, _ timeoutMilliseconds: Int64) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
            "no answer from \(url) within \(timeoutMilliseconds) ms"
        case let error as HTTPClientError: "get \(url): \(error.shortDescription)"
        case let error as IOError: "get \(url): \(error.reason)"
        case let error as NIOSSLError: "get \(url): \(words(for: error))"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "get \(url): the server's certificate is for another name; see tls_config.server_name"
        case is CancellationError: "the scrape was broken off"
        default: "get \(url): \(error)"
        }
    }
}

extension HTTPAccess.TLSVersion {
    fileprivate var version: TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}

extension URL {
    /// Host and port, as they stand in the header `Host`.
    fileprivate var authority: String? {
        guard let host = host() else { return nil }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(bracketed):\($0)" } ?? bracketed
    }
}
