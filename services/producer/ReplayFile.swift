import Foundation

/// One recorded record, ready to be sent at its own or another time.
struct ReplayRow {
    /// Milliseconds since 1970, as recorded.
    let timestamp: Int64
    let value: Double
    let message: String?
    let prefix: RecordPrefix
}

/// A line that is no record.
package struct BadRow: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    /// From 1.
    package let line: Int
    /// What was expected and what came.
    package let reason: String

    package var description: String { "\(path):\(line): \(reason)" }
}

/// A file of recorded data: CSV of `timestamp,value`, or NDJSON records of the data contract.
struct ReplayFile: ~Copyable {
    enum Format { case csv, ndjson }

    let path: String
    let format: Format
    private var lines: LineReader
    private let series: ReplaySeries
    private let csvPrefix: RecordPrefix
    private var columns = CSVColumns()
    private var ndjson: ContractRows
    private var isBeforeFirstRow = true

    /// - Parameters:
    ///   - metric: Name for all rows; nil takes the record's own, for CSV the one in the file's name.
    ///   - source: Source for all rows; nil likewise.
    init(path: String, metric: String?, source: String?) throws {
        // Nothing can fail once the reader is there: a type with a single owner is whole or not there at all.
        let format = try ReplayFile.format(of: path)
        lines = try LineReader(path: path)
        self.path = path
        self.format = format
        let named = ReplaySeries(fileName: URL(fileURLWithPath: path).lastPathComponent)
        series = ReplaySeries(metric: metric ?? named.metric, source: source ?? named.source)
        csvPrefix = RecordPrefix(source: series.source, metric: series.metric)
        ndjson = ContractRows(metric: metric, source: source)
    }

    /// The next record, a bad row, or nil at the end. Empty lines are passed over.
    mutating func next() throws -> Result<ReplayRow, BadRow>? {
        while let line = try lines.next() {
            guard case .text(let bytes) = line else {
                return bad("expected a line of at most 1 MiB, found a longer one")
            }
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            let isFirst = isBeforeFirstRow
            isBeforeFirstRow = false
            switch format {
            case .ndjson:
                do throws(RowFault) {
                    return .success(try ndjson.row(of: bytes))
                } catch {
                    return bad(error.reason)
                }
            case .csv:
                guard let text = String(validating: bytes, as: UTF8.self) else { return bad("expected UTF-8 text") }
                if isFirst, columns.takeHeader(text) { continue }
                do throws(RowFault) {
                    let (timestamp, value) = try columns.values(of: text)
                    return .success(ReplayRow(timestamp: timestamp, value: value, message: nil, prefix: csvPrefix))
                } catch {
                    return bad(error.reason)
                }
            }
        }
        return nil
    }

    private func bad(_ reason: String) -> Result<ReplayRow, BadRow> {
        .failure(BadRow(path: path, line: lines.lineNumber, reason: reason))
    }

    /// By the file's extension, else by whether its first character opens a JSON object.
    private static func format(of path: String) throws -> Format {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "csv": return .csv
        case "ndjson", "jsonl", "json": return .ndjson
        default:
            var lines = try LineReader(path: path)
            while let line = try lines.next() {
                guard case .text(let bytes) = line, let first = bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) else {
                    continue
                }
                return first == 0x7B ? .ndjson : .csv
            }
            return .csv
        }
    }
}

/// Why a line is no record.
struct RowFault: Error {
    let reason: String
}

/// What a file's name says of its series.
struct ReplaySeries: Equatable {
    let metric: String
    let source: String

    init(metric: String, source: String) {
        self.metric = metric
        self.source = source
    }

    /// The part after the last underscore is the source if it holds a digit (`ec2_cpu_utilization_53ea38.csv`), else
    /// the source is `replay`. What the metric name cannot have as an identifier becomes an underscore.
    init(fileName: String) {
        let stem = fileName.split(separator: ".", omittingEmptySubsequences: true).first.map(String.init) ?? ""
        var metric = Substring(stem)
        var source = "replay"
        if let underscore = stem.lastIndex(of: "_") {
            let last = stem[stem.index(after: underscore)...]
            if last.contains(where: { $0.isASCII && $0.isNumber }), underscore > stem.startIndex {
                metric = stem[..<underscore]
                source = String(last)
            }
        }
        let cleaned = metric.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? Character(scalar) : "_"
        }
        let name = String(cleaned)
        self.metric = name.isEmpty ? "value" : name.first?.isNumber == true ? "_" + name : name
        self.source = source
    }
}
