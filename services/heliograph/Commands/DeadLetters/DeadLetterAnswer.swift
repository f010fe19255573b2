import Foundation

/// What the server says of dead letters, as far as commands need it.
enum DeadLetterAnswer {
    struct Letter: Decodable {
        let id: Int64
        let receivedAt: String
        let `protocol`: String
        let sourceId: String?
        let field: String?
        let reason: String
        let message: String
        let state: String
        let attempts: Int
        let parameters: String
        let payload: String?
        let payloadBase64: String?
        let original: String?
        let originalBase64: String?

        /// The payload byte for byte.
        var bytes: [UInt8] {
            payload.map { Array($0.utf8) } ?? payloadBase64.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
                ?? []
        }
    }

    struct List: Decodable {
        let waiting: Int
        let replayed: Int
        let discarded: Int
        let expired: Int
        let matching: Int
        let matchingByReason: [String: Int]
        let deadLetters: [Letter]
    }

    /// Of one letter.
    struct Outcome: Decodable {
        let id: Int64
        let outcome: String
        let accepted: Int?
        let rejected: Int?
        let reason: String?
        let message: String?

        var line: String {
            switch outcome {
            case "replayed":
                "\(id): replayed, \(accepted ?? 0) records taken"
                    + (rejected ?? 0 > 0 ? ", \(rejected ?? 0) refused and kept as dead letters of their own" : "")
            case "refused": "\(id): refused again, \(reason ?? ""): \((message ?? "").printable)"
            default: "\(id): not replayed: \((message ?? "").printable)"
            }
        }
    }

    /// Of several.
    struct Batch: Decodable {
        let replayed: Int
        let refused: Int
        let failed: Int
        let remaining: Int
        let stopped: String?
        let after: Int64?
        let through: Int64?
        let letters: [Outcome]
    }

    struct Discarded: Decodable { let discarded: Int }

    private struct Envelope<Content: Decodable>: Decodable { let data: Content }

    /// The `data` of an answer.
    static func data<Content: Decodable>(_ text: String, as _: Content.Type = Content.self) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Envelope<Content>.self, from: Data(text.utf8)).data
        } catch {
            throw CommandFailure("the server answered something else than was asked for: \(text.prefix(1000))")
        }
    }
}
