/// How a server is reached: who asks, and over what kind of connection.
package struct HTTPAccess: Sendable, Hashable {
    package enum Authorization: Sendable, Hashable {
        case none
        case basic(user: Secret, password: Secret)
        /// `Authorization: <type> <credentials>`.
        case credentials(type: String, Secret)
    }

    /// A text that stands in the configuration or in a file of its own, which is read whenever it is needed.
    package enum Secret: Sendable, Hashable {
        case text(String)
        case file(String)
    }

    package struct TLS: Sendable, Hashable {
        /// A PEM text, or the path of a file with one.
        package var authorities: Secret?
        package var certificate: Secret?
        package var key: Secret?
        /// Whom the server's certificate must name, if not the host of the address.
        package var serverName = ""
        package var skipsVerification = false
        package var minimumVersion: TLSVersion?
        package var maximumVersion: TLSVersion?

        package init() {}
    }

    package enum TLSVersion: String, CaseIterable, Sendable {
        case tls10 = "TLS10", tls11 = "TLS11", tls12 = "TLS12", tls13 = "TLS13"
    }

    package var authorization = Authorization.none
    package var tls = TLS()
    package var followsRedirects = true

    package init() {}
}
