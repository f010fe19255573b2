import Testing

@testable import AccessControl

@Suite struct TokenListTests {
    private func token(_ secret: TokenSecret, expiresAt: Int64? = nil, revokedAt: Int64? = nil) -> AccessToken {
        AccessToken(
            id: secret.id, name: "n", scope: [.write], digest: secret.digest, createdAt: 1, expiresAt: expiresAt,
            revokedAt: revokedAt)
    }

    private func refusal(_ list: TokenList, _ text: String, at now: Int64 = 50) -> TokenRefusal? {
        do throws(TokenRefusal) {
            _ = try list.token(for: text, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func aSecretFindsItsTokenAndNoOther() throws {
        let first = TokenSecret()
        let second = TokenSecret()
        let list = TokenList([token(first), token(second)])
        #expect(try list.token(for: first.text, at: 50).id == first.id)
        #expect(try list.token(for: second.text, at: 50).id == second.id)
        // The public part of one with the secret of the other.
        let mixed = first.text.prefix(14) + second.text.suffix(52)
        #expect(refusal(list, String(mixed)) == .unknown)
        #expect(refusal(list, TokenSecret().text) == .unknown)
    }

    @Test func whatHasNotTheFormIsMalformed() {
        let list = TokenList([token(TokenSecret())])
        let text = TokenSecret().text
        for wrong in [
            "", "hg_", String(text.dropLast()), text + "0", "hq_" + text.dropFirst(3),
            String(repeating: "é", count: 33),
        ] {
            #expect(refusal(list, wrong) == .malformed, "\(wrong)")
        }
    }

    @Test func onlyTheSecretsOwnerLearnsWhyItIsRefused() {
        let secret = TokenSecret()
        let wrong = String(secret.text.dropLast(52)) + TokenSecret().text.suffix(52)
        let expired = TokenList([token(secret, expiresAt: 50)])
        #expect(refusal(expired, secret.text, at: 49) == nil)
        #expect(refusal(expired, secret.text) == .expired)
        #expect(refusal(expired, wrong) == .unknown)
        let revoked = TokenList([token(secret, expiresAt: 50, revokedAt: 10)])
        #expect(refusal(revoked, secret.text) == .revoked)
        #expect(!expired.hasValid(at: 50) && expired.hasValid(at: 49) && !revoked.hasValid(at: 49))
    }

    @Test func secretsAreLongAndEachIsAnother() {
        let secrets = (0..<1000).map { _ in TokenSecret() }
        #expect(Set(secrets.map(\.text)).count == 1000)
        // 52 characters of 5 bits each.
        #expect(secrets.allSatisfy { $0.text.utf8.count == 66 && TokenSecret($0.text)?.digest == $0.digest })
        #expect(Set(secrets.flatMap { Array($0.text.suffix(52)) }).count == 32)
    }

    @Test func scopesAreNamed() {
        #expect(AccessScope(names: "write, admin") == [.write, .admin])
        #expect(AccessScope(names: "admin,write")?.names == "write,admin")
        for wrong in ["", ",", "root", "write,root", "Write"] { #expect(AccessScope(names: wrong) == nil) }
    }
}
