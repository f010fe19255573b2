/// Why a credential is not taken.
package enum TokenRefusal: String, Error, CaseIterable, Sendable {
    case missing, malformed, unknown, revoked, expired
    /// A valid token that does not allow what is asked for.
    case scope
}

/// The tokens that there are, for look-up. Immutable.
package struct TokenList: Sendable {
    private var byID: [String: AccessToken]

    package init(_ tokens: [AccessToken] = []) {
        byID = Dictionary(tokens.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func adding(_ token: AccessToken) -> TokenList {
        var list = self
        list.byID[token.id] = token
        return list
    }

    /// No token was ever made; revoked and expired ones count.
    package var isEmpty: Bool { byID.isEmpty }

    package func hasValid(at now: Int64) -> Bool { byID.values.contains { $0.state(at: now) == .valid } }

    /// The token that a client's text stands for.
    ///
    /// Takes one look-up by the public id and one SHA-256; digests are compared in constant time. Who
    /// has no secret learns nothing of a token's state: a wrong secret is `unknown`, whatever became of the token.
    package func token(for text: some StringProtocol, at now: Int64) throws(TokenRefusal) -> AccessToken {
        guard let secret = TokenSecret(text) else { throw .malformed }
        guard let token = byID[secret.id], TokenList.isSame(secret.digest, token.digest) else { throw .unknown }
        switch token.state(at: now) {
        case .valid: return token
        case .expired: throw .expired
        case .revoked: throw .revoked
        }
    }

    /// Takes as long for equal ones as for different ones.
    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}
