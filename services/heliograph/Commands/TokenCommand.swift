import AccessControl
import ArgumentParser
import Foundation
import HTTPSupport
import Settings
import TokenStore

/// `heliograph token`: the tokens of a data folder, also of one that a server uses.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke the tokens with which a server lets its callers in.",
        discussion: """
            For a collector that may send, and nothing else:
              heliograph token create --name collector --scope write
            For Grafana and the dashboard:
              heliograph token create --name grafana --scope read --expires 90d
            A running server takes changes over within a second.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Folder: ParsableArguments {
        @Option(help: "The server's data folder (data.dir); default ./data.")
        var data: String?

        @OptionGroup var options: SettingsOptions

        func open() throws -> TokenDatabase {
            let folder = try options.load(flags: data.map { ["data.dir": $0] } ?? [:]).data.dir
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                return try TokenDatabase(folder: folder)
            } catch {
                throw CommandFailure("cannot open \(TokenDatabase.fileName) in the data folder \(folder): \(error)")
            }
        }
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, this once: only a hash of it is kept.")

        @Option(help: "What it is for, for people.")
        var name: String

        @Option(help: "What it allows: write (send), read (query), admin (delete), separated by commas.")
        var scope: String

        @Option(help: "How long it is valid, as in 90d; for ever if missing.")
        var expires: String?

        @Option(
            help:
                "Records a second that may be sent with it; limits.records_per_second_per_token if missing, 0 for any.")
        var rate: Int?

        @Option(help: "New series that it may begin; as many as there may be if missing.")
        var maxSeries: Int?

        @OptionGroup var folder: Folder

        func validate() throws {
            guard AccessScope(names: scope) != nil else {
                throw ValidationError(
                    "--scope: expected some of write, read, admin, separated by commas, got \"\(scope)\"")
            }
            guard (1...100).contains(name.count),
                name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
            else { throw ValidationError("--name: expected 1 to 100 characters and no control characters") }
            if let expires, DurationText.duration(in: expires).map({ $0 > .zero }) != true {
                throw ValidationError("--expires: expected a duration such as 90d or 12h, got \"\(expires)\"")
            }
            for (option, value) in [("--rate", rate), ("--max-series", maxSeries)] {
                guard let value, !(0...1_000_000_000).contains(value) else { continue }
                throw ValidationError("\(option): expected a whole number from 0 to 1000000000, got \(value)")
            }
        }

        func run() async throws {
            let secret = TokenSecret()
            let now = TokenCommand.now
            let lifetime = expires.flatMap(DurationText.duration).map { Int64($0.components.seconds * 1000) }
            let token = AccessToken(
                id: secret.id, name: name, scope: AccessScope(names: scope) ?? [], digest: secret.digest,
                createdAt: now,
                expiresAt: lifetime.map { now + $0 }, recordsPerSecond: rate, maximumSeries: maxSeries)
            let database = try folder.open()
            try database.add(token)
            try database.close()
            FileHandle.standardError.write(
                Data("Token \(token.id) is made. Its text is printed this once and kept nowhere:\n".utf8))
            print(secret.text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Every token that was made, with its state; no secrets.")

        @OptionGroup var folder: Folder

        func run() async throws {
            let database = try folder.open()
            let tokens = try database.tokens()
            let series = try database.seriesCounts()
            try database.close()
            let now = TokenCommand.now
            let rows =
                [["ID", "STATE", "SCOPE", "CREATED", "EXPIRES", "RATE", "SERIES", "NAME"]]
                + tokens.map { token in
                    [
                        token.id, token.state(at: now).rawValue, token.scope.names, Self.day(token.createdAt),
                        token.expiresAt.map(Self.day) ?? "never", token.recordsPerSecond.map { "\($0)/s" } ?? "-",
                        token.maximumSeries.map { "\(series[token.id] ?? 0) of \($0)" } ?? "-", token.name,
                    ]
                }
            let widths = (0..<8).map { column in rows.map { $0[column].count }.max() ?? 0 }
            for row in rows {
                let cells = zip(row, widths).map { cell, width in
                    cell + String(repeating: " ", count: width - cell.count)
                }
                print(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
            }
        }

        private static func day(_ milliseconds: Int64) -> String {
            String(Date(milliseconds: milliseconds).iso8601Milliseconds.prefix(16)) + "Z"
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End tokens, for good.")

        @Argument(help: "Ids, as list shows them.")
        var ids: [String]

        @OptionGroup var folder: Folder

        func run() async throws {
            let database = try folder.open()
            // Who has only the token's text at hand may give that.
            let wanted = ids.map { TokenSecret($0)?.id ?? $0 }
            let revoked = try database.revoke(ids: wanted, at: TokenCommand.now)
            try database.close()
            for id in revoked { print("revoked \(id)") }
            let others = wanted.filter { !revoked.contains($0) }
            guard others.isEmpty else {
                throw CommandFailure("no token to revoke: \(others.joined(separator: ", ")); see heliograph token list")
            }
        }
    }
}
