import Foundation
import TelemetryModel

/// Reads records of the data contract from lines of NDJSON.
struct ContractRows {
    private let metric: String?
    private let source: String?
    private let decoder = JSONDecoder()
    /// A file has many rows of few series.
    private var prefixes: [Identity: RecordPrefix] = [:]
    private static let maximumPrefixes = 100_000

    private struct Identity: Hashable {
        let source: String
        let metric: String
        let severity: String?
        let tags: [String: RecordPrefix.TagValue]
    }

    /// - Parameters:
    ///   - metric: Stands for the `metric_name` of all records.
    ///   - source: Stands for the `source_id` of all records.
    init(metric: String?, source: String?) {
        self.metric = metric
        self.source = source
    }

    mutating func row(of line: [UInt8]) throws(RowFault) -> ReplayRow {
        let record = try decode(line)
        guard let source = source ?? record.sourceID else { throw RowFault(reason: "expected a source_id") }
        guard let metric = metric ?? record.metricName else { throw RowFault(reason: "expected a metric_name") }
        if let severity = record.severity, Severity(rawValue: severity) == nil {
            let names = Severity.allCases.map(\.rawValue).joined(separator: ", ")
            throw RowFault(reason: "severity: expected one of \(names), found \(shortened(severity))")
        }
        let timestamp: Int64?
        switch record.timestamp {
        case .text(let text): timestamp = TimestampParser.milliseconds(in: text)
        case .literal(let text): timestamp = Int64(text).flatMap { TimestampText.range.contains($0) ? $0 : nil }
        case nil: throw RowFault(reason: "expected a timestamp: without one a record cannot be replayed")
        }
        guard let timestamp else { throw RowFault(reason: "timestamp: expected \(TimestampParser.expected)") }
        let identity = Identity(source: source, metric: metric, severity: record.severity, tags: record.tags)
        return ReplayRow(
            timestamp: timestamp, value: record.value, message: record.message, prefix: prefix(of: identity))
    }

    private func decode(_ line: [UInt8]) throws(RowFault) -> Record {
        do {
            return try decoder.decode(Record.self, from: Data(line))
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context),
            let DecodingError.dataCorrupted(context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw RowFault(
                reason: path.isEmpty ? "expected a JSON object" : "\(path): \(Record.expectation(of: path))")
        } catch let DecodingError.keyNotFound(key, _) {
            throw RowFault(reason: "expected a \(key.stringValue)")
        } catch {
            throw RowFault(reason: "expected a record of the data contract")
        }
    }

    private mutating func prefix(of identity: Identity) -> RecordPrefix {
        if let known = prefixes[identity] { return known }
        let tags = identity.tags.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let prefix = RecordPrefix(
            source: identity.source, metric: identity.metric, severity: identity.severity, tags: tags)
        if prefixes.count >= ContractRows.maximumPrefixes { prefixes.removeAll() }
        prefixes[identity] = prefix
        return prefix
    }
}

extension ContractRows {
    private struct Record: Decodable {
        let sourceID: String?
        let metricName: String?
        let value: Double
        let timestamp: RecordPrefix.TagValue?
        let severity: String?
        let tags: [String: RecordPrefix.TagValue]
        let message: String?

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        private static let fields: Set = [
            "timestamp", "source_id", "metric_name", "metric_value", "severity", "tags", "message",
        ]

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            if let unknown = fields.allKeys.first(where: { !Record.fields.contains($0.stringValue) }) {
                throw DecodingError.dataCorruptedError(forKey: unknown, in: fields, debugDescription: "")
            }
            sourceID = try fields.decodeIfPresent(String.self, forKey: Key(stringValue: "source_id"))
            metricName = try fields.decodeIfPresent(String.self, forKey: Key(stringValue: "metric_name"))
            value = try fields.decode(Double.self, forKey: Key(stringValue: "metric_value"))
            timestamp = try fields.decodeIfPresent(RecordPrefix.TagValue.self, forKey: Key(stringValue: "timestamp"))
            severity = try fields.decodeIfPresent(String.self, forKey: Key(stringValue: "severity"))
            let tags = try fields.decodeIfPresent(
                [String: RecordPrefix.TagValue].self, forKey: Key(stringValue: "tags"))
            self.tags = tags ?? [:]
            message = try fields.decodeIfPresent(String.self, forKey: Key(stringValue: "message"))
        }

        static func expectation(of path: String) -> String {
            switch path {
            case "source_id", "metric_name", "severity", "message": "expected a text"
            case "metric_value": "expected a finite number"
            case "timestamp": "expected \(TimestampParser.expected)"
            case "tags": "expected an object of texts, numbers, true and false"
            default:
                path.hasPrefix("tags.") ? "expected a text, a number, true or false" : "a record has no such field"
            }
        }
    }
}

extension RecordPrefix.TagValue: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let truth = try? value.decode(Bool.self) {
            self = .literal(truth ? "true" : "false")
        } else if let whole = try? value.decode(Int64.self) {
            self = .literal(String(whole))
        } else {
            self = .literal(try value.decode(Double.self).description)
        }
    }
}
