import Crypto

/// The text that a client shows: `hg_`, a public id of 10 characters, `_`, and a secret of 256 random bits in 52.
///
/// The characters are Crockford's base 32 in lower case: no two look alike, and a double click selects the whole. The id finds
/// the token in the list; only the secret proves anything.
package struct TokenSecret: Sendable {
    package static let prefix = "hg_"
    private static let idLength = 10
    private static let secretLength = 52
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    package let id: String
    private let secret: [UInt8]

    /// A new one, from the system's generator of random numbers.
    package init() {
        var generator = SystemRandomNumberGenerator()
        id = String(decoding: TokenSecret.random(TokenSecret.idLength, &generator), as: UTF8.self)
        secret = TokenSecret.random(TokenSecret.secretLength, &generator)
    }

    /// Nil for what has not this form.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(80))
        let start = TokenSecret.prefix.utf8.count
        let split = start + TokenSecret.idLength
        guard bytes.count == split + 1 + TokenSecret.secretLength, bytes.starts(with: TokenSecret.prefix.utf8),
            bytes[split] == UInt8(ascii: "_")
        else { return nil }
        id = String(decoding: bytes[start..<split], as: UTF8.self)
        secret = Array(bytes[(split + 1)...])
    }

    /// What is shown once.
    package var text: String { "\(TokenSecret.prefix)\(id)_\(String(decoding: secret, as: UTF8.self))" }

    /// What is kept in place of the secret.
    ///
    /// One round of SHA-256: slow hashes protect what people think up; 256 random bits cannot be guessed at any speed.
    package var digest: [UInt8] { Array(SHA256.hash(data: secret)) }

    private static func random(_ count: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] }
    }
}
