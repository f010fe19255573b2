import Foundation

/// A record to import, as a line of NDJSON, and where it came from.
struct ImportRecord: Sendable, Equatable {
    /// Without a line break.
    let json: [UInt8]
    /// From 1; of the line that the record begins on.
    let line: Int
    /// What is wrong with it, if that can be seen here. It is sent nevertheless, and kept by the server as a dead letter.
    var fault: String?
}

/// Reads a file's records one by one: NDJSON as it is, CSV as NDJSON. The server is the judge of both.
struct ImportRecords: ~Copyable {
    private var lines: LineReader
    private let columns: CSVHeader?
    /// The first line was looked at, but not passed over.
    private var isHeaderDue: Bool

    /// - Throws: `ProducerError.unreadable` if the file cannot be read, or is CSV without the columns that are needed.
    init(path: String, format: ImportOptions.Format) throws {
        let columns = format == .csv ? try ImportRecords.header(path) : nil
        let lines = try LineReader(path: path)
        self.init(lines: lines, columns: columns)
    }

    private init(lines: consuming LineReader, columns: CSVHeader?) {
        self.lines = lines
        self.columns = columns
        isHeaderDue = columns != nil
    }

    private static func header(_ path: String) throws -> CSVHeader {
        var lines = try LineReader(path: path)
        guard case .text(let first) = try lines.next() else {
            throw ProducerError.unreadable(path: path, reason: "expected a header line, found none")
        }
        return try CSVHeader(first, path: path)
    }

    /// The next record; nil at the end. Blank lines are passed over.
    mutating func next() throws -> ImportRecord? {
        if isHeaderDue {
            isHeaderDue = false
            _ = try lines.next()
        }
        while let next = try lines.next() {
            let line = lines.lineNumber
            guard case .text(let text) = next else {
                return ImportRecord(
                    json: Array(#""a line of more than \#(LineReader.maximumLineBytes) bytes""#.utf8), line: line,
                    fault: "expected a line of at most \(LineReader.maximumLineBytes) bytes")
            }
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            guard let columns else { return ImportRecord(json: text, line: line) }
            return try csvRecord(text, columns, line)
        }
        return nil
    }

    /// A quoted field may go on over several lines (RFC 4180, section 2, rule 6).
    private mutating func csvRecord(_ first: [UInt8], _ columns: CSVHeader, _ line: Int) throws -> ImportRecord {
        var text = first
        while CSVFields.isOpen(text), text.count < LineReader.maximumLineBytes, case .text(let more)? = try lines.next()
        {
            text.append(0x0A)
            text += more
        }
        return columns.record(of: text, line: line)
    }
}

/// RFC 4180's fields.
enum CSVFields {
    /// Whether the last field's quotation mark is still to come.
    static func isOpen(_ text: [UInt8]) -> Bool {
        // A doubled quotation mark counts twice, so an odd number leaves one open.
        text.reduce(false) { $1 == 0x22 ? !$0 : $0 }
    }

    /// Nil if a quotation mark stands where none may.
    static func fields(of text: [UInt8]) -> [[UInt8]]? {
        var fields: [[UInt8]] = []
        var index = 0
        while true {
            var field: [UInt8] = []
            if index < text.count, text[index] == 0x22 {
                index += 1
                while true {
                    guard index < text.count else { return nil }
                    if text[index] != 0x22 {
                        field.append(text[index])
                    } else if index + 1 < text.count, text[index + 1] == 0x22 {
                        field.append(0x22)
                        index += 1
                    } else {
                        break
                    }
                    index += 1
                }
                index += 1
                guard index == text.count || text[index] == 0x2C else { return nil }
            } else {
                while index < text.count, text[index] != 0x2C {
                    guard text[index] != 0x22 else { return nil }
                    field.append(text[index])
                    index += 1
                }
            }
            fields.append(field)
            if index == text.count { return fields }
            index += 1
        }
    }
}

/// Which of the contract's fields each column of a CSV file holds.
struct CSVHeader {
    static let needed = ["timestamp", "source_id", "metric_name", "metric_value"]
    private static let known = needed + ["severity", "tags", "message"]

    let names: [String]

    init(_ line: [UInt8], path: String) throws(ProducerError) {
        let names = CSVFields.fields(of: line)?.map { String(decoding: $0, as: UTF8.self) } ?? []
        let missing = CSVHeader.needed.filter { !names.contains($0) }
        let foreign = names.filter { !CSVHeader.known.contains($0) }
        guard missing.isEmpty, foreign.isEmpty, Set(names).count == names.count else {
            throw .unreadable(
                path: path,
                reason:
                    "expected a first line that names the columns, each once: \(CSVHeader.needed.joined(separator: ",")) "
                    + "and, if there are any, severity, tags, message; found "
                    + shortened(String(decoding: line, as: UTF8.self))
                    + " (files of timestamp,value are for `heliograph produce --replay`)")
        }
        self.names = names
    }

    /// The row as a record. What is no number, no object or no row of this table becomes a text, which the server refuses.
    func record(of row: [UInt8], line: Int) -> ImportRecord {
        guard let fields = CSVFields.fields(of: row), fields.count == names.count else {
            var json: [UInt8] = []
            json.appendJSONString(String(decoding: row, as: UTF8.self))
            let found = CSVFields.fields(of: row).map { "\($0.count)" } ?? "a stray quotation mark"
            return ImportRecord(json: json, line: line, fault: "expected \(names.count) columns, found \(found)")
        }
        var json: [UInt8] = []
        for (name, field) in zip(names, fields) {
            let isOptional = !CSVHeader.needed.contains(name)
            if isOptional, field.isEmpty { continue }
            json.append(json.isEmpty ? 0x7B : 0x2C)
            json += "\"\(name)\":".utf8
            if CSVHeader.isLiteral(field, in: name) {
                json += field.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
            } else {
                json.appendJSONString(String(decoding: field, as: UTF8.self))
            }
        }
        json.append(0x7D)
        return ImportRecord(json: json, line: line)
    }

    /// Whether the field goes into the record as JSON: numbers and tags do. A time of digits is epoch milliseconds.
    private static func isLiteral(_ field: [UInt8], in name: String) -> Bool {
        switch name {
        case "metric_value", "timestamp":
            // JSON's numbers begin so, and no other JSON does; NaN and inf, which Swift would read, do not.
            guard let first = field.first, first == 0x2D || (0x30...0x39).contains(first) else { return false }
            return (try? JSONSerialization.jsonObject(with: Data(field), options: .fragmentsAllowed)) is NSNumber
        case "tags": return (try? JSONSerialization.jsonObject(with: Data(field))) is [String: Any]
        default: return false
        }
    }
}
