import Foundation

/// One document of `data/schemas/vectors.json`.
struct ContractVector: Decodable, CustomStringConvertible {
    /// Text, a repetition, or bytes that may not be text.
    private struct Part: Decodable {
        let bytes: [UInt8]

        private enum Key: CodingKey { case `repeat`, times, hex }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                bytes = Array(text.utf8)
                return
            }
            let keyed = try decoder.container(keyedBy: Key.self)
            if let hex = try keyed.decodeIfPresent(String.self, forKey: .hex) {
                bytes = [UInt8](hex: hex)
            } else {
                let text = try keyed.decode(String.self, forKey: .repeat)
                let times = try keyed.decode(Int.self, forKey: .times)
                bytes = Array(repeatElement(text.utf8, count: times).joined())
            }
        }
    }

    let name: String
    let document: [UInt8]
    let valid: Bool
    let reason: String?
    let field: String?
    let labels: [String: String]?
    let timestamp: Int64?
    let value: Double?
    let message: String?

    var description: String { name }

    private enum Key: CodingKey { case name, document, valid, reason, field, labels, timestamp, value, message }
    private struct File: Decodable { let vectors: [ContractVector] }
    private struct AnyName: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let keyed = try decoder.container(keyedBy: Key.self)
        name = try keyed.decode(String.self, forKey: .name)
        if let parts = try? keyed.decode([Part].self, forKey: .document) {
            document = parts.flatMap(\.bytes)
        } else {
            document = try keyed.decode(Part.self, forKey: .document).bytes
        }
        valid = try keyed.decode(Bool.self, forKey: .valid)
        reason = try keyed.decodeIfPresent(String.self, forKey: .reason)
        field = try keyed.decodeIfPresent(String.self, forKey: .field)
        labels = try keyed.decodeIfPresent([String: String].self, forKey: .labels)
        timestamp = try keyed.decodeIfPresent(Int64.self, forKey: .timestamp)
        value = try keyed.decodeIfPresent(Double.self, forKey: .value)
        message = try keyed.decodeIfPresent(String.self, forKey: .message)
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "data/schemas")

    static func all() throws -> [ContractVector] {
        try JSONDecoder().decode(File.self, from: Data(contentsOf: folder.appending(path: "vectors.json"))).vectors
    }
}

extension [UInt8] {
    /// The bytes that pairs of hexadecimal digits spell.
    init(hex: String) {
        let digits = hex.compactMap { $0.hexDigitValue }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
