import Foundation

@testable import Producer

/// A record as a server sees it, read by another JSON reader than the one that wrote it.
struct SentRecord: Decodable {
    let source: String
    let metric: String
    let value: Double
    let severity: String?
    let message: String?
    let tags: [String: String]
    /// Milliseconds since 1970.
    let timestamp: Int64
    let timestampText: String

    private enum Key: String, CodingKey {
        case source = "source_id"
        case metric = "metric_name"
        case value = "metric_value"
        case severity, message, tags, timestamp
    }

    init(from decoder: any Decoder) throws {
        let record = try decoder.container(keyedBy: Key.self)
        source = try record.decode(String.self, forKey: .source)
        metric = try record.decode(String.self, forKey: .metric)
        value = try record.decode(Double.self, forKey: .value)
        severity = try record.decodeIfPresent(String.self, forKey: .severity)
        message = try record.decodeIfPresent(String.self, forKey: .message)
        tags = try record.decodeIfPresent([String: String].self, forKey: .tags) ?? [:]
        timestampText = try record.decode(String.self, forKey: .timestamp)
        guard let timestamp = TimestampParser.milliseconds(in: timestampText) else {
            throw DecodingError.dataCorruptedError(forKey: .timestamp, in: record, debugDescription: timestampText)
        }
        self.timestamp = timestamp
    }

    static func all(in bytes: [UInt8]) throws -> [SentRecord] {
        let decoder = JSONDecoder()
        return try bytes.split(separator: 0x0A).map { try decoder.decode(SentRecord.self, from: Data($0)) }
    }
}
