import ConfigurationYAML
import Foundation
import Yams

/// Reads what a scrape configuration or `http_sd_configs` says about reaching a server.
struct HTTPAccessReader {
    static let keys = [
        "basic_auth", "authorization", "bearer_token", "bearer_token_file", "tls_config", "follow_redirects",
        "enable_http2",
        "proxy_from_environment",
    ]

    let directory: String

    func access(_ fields: ConfigurationFields) throws(ConfigurationFault) -> HTTPAccess {
        var access = HTTPAccess()
        access.followsRedirects = try fields.boolean("follow_redirects") ?? true
        if try fields.boolean("proxy_from_environment") == true {
            throw ConfigurationFault(at: fields["proxy_from_environment"], "proxies are not supported")
        }
        access.authorization = try authorization(fields)
        if let node = fields["tls_config"] { access.tls = try tls(node) }
        return access
    }

    private func authorization(_ fields: ConfigurationFields) throws(ConfigurationFault) -> HTTPAccess.Authorization {
        let given = ["basic_auth", "authorization", "bearer_token", "bearer_token_file"].filter { fields[$0] != nil }
        guard given.count <= 1 else {
            throw ConfigurationFault(
                at: fields.keyNode(given[1]),
                "at most one of basic_auth, authorization, bearer_token and bearer_token_file may be given")
        }
        if let node = fields["basic_auth"] {
            let basic = try ConfigurationFields(
                node, place: "`basic_auth`", keys: ["username", "username_file", "password", "password_file"])
            return .basic(
                user: try secret("username", "username_file", basic) ?? .text(""),
                password: try secret("password", "password_file", basic) ?? .text(""))
        }
        if let node = fields["authorization"] {
            let own = try ConfigurationFields(
                node, place: "`authorization`", keys: ["type", "credentials", "credentials_file"])
            let type = try own.text("type")?.trimmingCharacters(in: .whitespaces) ?? "Bearer"
            guard type.lowercased() != "basic" else {
                throw ConfigurationFault(at: own["type"], "the authorization type cannot be `basic`; use `basic_auth`")
            }
            return .credentials(
                type: type.isEmpty ? "Bearer" : type,
                try secret("credentials", "credentials_file", own) ?? .text(""))
        }
        guard let token = try secret("bearer_token", "bearer_token_file", fields) else { return .none }
        return .credentials(type: "Bearer", token)
    }

    private func tls(_ node: Node) throws(ConfigurationFault) -> HTTPAccess.TLS {
        let fields = try ConfigurationFields(
            node, place: "`tls_config`",
            keys: [
                "ca", "ca_file", "cert", "cert_file", "key", "key_file", "server_name", "insecure_skip_verify",
                "min_version",
                "max_version",
            ])
        var tls = HTTPAccess.TLS()
        tls.authorities = try secret("ca", "ca_file", fields)
        tls.certificate = try secret("cert", "cert_file", fields)
        tls.key = try secret("key", "key_file", fields)
        guard (tls.certificate == nil) == (tls.key == nil) else {
            throw ConfigurationFault(at: node, "`tls_config` needs a certificate and its key together")
        }
        tls.serverName = try fields.text("server_name") ?? ""
        tls.skipsVerification = try fields.boolean("insecure_skip_verify") ?? false
        tls.minimumVersion = try version("min_version", fields)
        tls.maximumVersion = try version("max_version", fields)
        return tls
    }

    private func version(
        _ key: String, _ fields: ConfigurationFields
    ) throws(ConfigurationFault) -> HTTPAccess.TLSVersion? {
        guard let text = try fields.text(key) else { return nil }
        guard let version = HTTPAccess.TLSVersion(rawValue: text) else {
            throw ConfigurationFault(
                at: fields[key], "`\(key)` is TLS10, TLS11, TLS12 or TLS13, but this is `\(text.prefix(80))`")
        }
        return version
    }

    private func secret(
        _ key: String, _ fileKey: String, _ fields: ConfigurationFields
    ) throws(ConfigurationFault) -> HTTPAccess.Secret? {
        let (text, path) = (try fields.text(key), try fields.text(fileKey))
        if text != nil, path != nil {
            throw ConfigurationFault(
                at: fields.keyNode(fileKey), "at most one of `\(key)` and `\(fileKey)` may be given")
        }
        if let path { return .file(ConfigurationPath.resolve(path, in: directory)) }
        return text.map { .text($0) }
    }
}
