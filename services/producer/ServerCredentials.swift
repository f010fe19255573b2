package import AsyncHTTPClient
package import NIOHTTP1
import NIOSSL

/// What a client of a Heliograph server shows, and whom it believes. The variables are the command line's; a token in an
/// argument could be read by everybody on the machine.
package struct ServerCredentials: Sendable {
    package static let tokenVariable = "HELIOGRAPH_TOKEN"
    package static let authorityVariable = "HELIOGRAPH_CA_FILE"

    /// Nil for none.
    package var token: String?
    /// PEM file of the authorities that the server's certificate must come from; nil for the system's.
    package var authorityFile: String?
    /// False only for a process that sends to itself, and knows that it does.
    package var verifiesServer = true

    package init(token: String? = nil, authorityFile: String? = nil) {
        self.token = token
        self.authorityFile = authorityFile
    }

    package init(environment: [String: String]) {
        let value = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        self.init(token: value(Self.tokenVariable), authorityFile: value(Self.authorityVariable))
    }

    package func apply(to configuration: inout HTTPClient.Configuration) {
        guard authorityFile != nil || !verifiesServer else { return }
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authorityFile { tls.trustRoots = .file(authorityFile) }
        if !verifiesServer { tls.certificateVerification = .none }
        configuration.tlsConfiguration = tls
    }

    package func apply(to headers: inout HTTPHeaders) {
        if let token { headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)") }
    }
}
