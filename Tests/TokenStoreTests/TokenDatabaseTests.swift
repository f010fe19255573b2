import AccessControl
import Foundation
import Testing

@testable import TokenStore

@Suite struct TokenDatabaseTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func token(_ secret: TokenSecret, createdAt: Int64 = 1) -> AccessToken {
        AccessToken(
            id: secret.id, name: "pump", scope: [.write, .admin], digest: secret.digest, createdAt: createdAt,
            expiresAt: 99, recordsPerSecond: 5, maximumSeries: 7)
    }

    @Test func whatIsAddedIsThereForTheNextAndTheSecretIsNot() throws {
        try inFolder { folder in
            let secret = TokenSecret()
            let first = try TokenDatabase(folder: folder)
            try first.add(token(secret))
            try first.add(token(TokenSecret(), createdAt: 2))
            try first.close()
            let second = try TokenDatabase(folder: folder)
            #expect(try second.tokens().first == token(secret))
            #expect(try second.tokens().count == 2)
            try second.close()
            let file = "\(folder)/\(TokenDatabase.fileName)"
            let bytes = try Data(contentsOf: URL(filePath: file))
            #expect(bytes.range(of: Data(secret.id.utf8)) != nil)
            #expect(bytes.range(of: Data(secret.text.suffix(52).utf8)) == nil)
            let permissions = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(permissions == 0o600)
        }
    }

    @Test func anotherConnectionSeesWhatChanged() throws {
        try inFolder { folder in
            let server = try TokenDatabase(folder: folder)
            let command = try TokenDatabase(folder: folder)
            let secret = TokenSecret()
            let before = try server.version()
            #expect(try server.version() == before)
            try command.add(token(secret))
            let added = try server.version()
            #expect(added != before)
            #expect(try command.revoke(ids: [secret.id, "nobody"], at: 40) == [secret.id])
            #expect(try command.revoke(ids: [secret.id], at: 41) == [])
            #expect(try server.version() != added)
            #expect(try server.tokens().map(\.revokedAt) == [40])
            // What it writes itself is no change.
            let own = try server.version()
            try server.setSeriesCounts([secret.id: 12])
            #expect(try server.version() == own)
            #expect(try command.seriesCounts() == [secret.id: 12])
            try server.close()
            try command.close()
        }
    }
}
