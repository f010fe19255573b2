import Foundation
import GRDB
import TelemetryModel

/// Reading back, at start, what the log's file says. Reads the series and one batch's row, whatever is in the log.
enum LogRecovery {
    static func restore(from db: Database, into registry: SeriesRegistry) throws -> IngestLog.Progress {
        try restoreSeries(from: db, into: registry)
        var progress = IngestLog.Progress()
        let newest = try Int64.fetchOne(db, sql: "SELECT max(offset) FROM batch") ?? 0
        let end = try Int64.fetchOne(db, sql: "SELECT value FROM position WHERE name = 'end'") ?? 0
        progress.durableOffset = max(newest, end)
        progress.accepted = try LogTotals(db: db).through(.max)
        progress.deadLettered = try DeadLetterTable(db: db).totals()
        progress.deadLetterBytes = try DeadLetterTable(db: db).bytes()
        return progress
    }

    private static func restoreSeries(from db: Database, into registry: SeriesRegistry) throws {
        let count = try Int.fetchOne(db, sql: "SELECT coalesce(max(ref) + 1, 0) FROM series") ?? 0
        var reader = LabelSetReader()
        var expected = registry.count
        try registry.restore(count: count) { append in
            let series = try Row.fetchCursor(db, sql: "SELECT ref, labels FROM series ORDER BY ref")
            while let row = try series.next() {
                let reference = try row.decode(Int64.self, atIndex: 0)
                let labels = try row.withUnsafeData(atIndex: 1) { text in text.flatMap { reader.read($0.span) } }
                guard let labels, reference == expected else {
                    throw LogOpenError.damagedSeries(reference: reference)
                }
                append(labels)
                expected += 1
            }
        }
    }
}

/// The log's file cannot be used as it is.
package enum LogOpenError: Error, CustomStringConvertible {
    case damagedSeries(reference: Int64)
    case unknownProtocol(code: Int)
    case damagedTotals(offset: Int64)
    /// SQLite's own words.
    case malformed(String)

    package var description: String {
        switch self {
        case .damagedSeries(let reference):
            """
            log.sqlite: table series is damaged at ref \(reference): expected the labels as a JSON object and references \
            without gaps; restore the file from a backup, or move it away to start with an empty log
            """
        case .unknownProtocol(let code):
            "log.sqlite: protocol code \(code) is not known to this version; it was written by a newer one"
        case .damagedTotals(let offset):
            """
            log.sqlite: batch \(offset) tells neither the totals nor its protocol and number of records, and no newer \
            batch tells the totals; restore the file from a backup, or take out what can be read with `sqlite3 log.sqlite \
            .recover`
            """
        case .malformed(let message):
            """
            log.sqlite: SQLite cannot read what every start needs (\(message)): the series, the totals and the newest \
            batch's page must be intact; restore the file from a backup, or take out what can be read with `sqlite3 \
            log.sqlite .recover`
            """
        }
    }
}

extension IngestProtocol {
    init(stored code: Int) throws {
        guard let raw = UInt8(exactly: code), let known = IngestProtocol(rawValue: raw) else {
            throw LogOpenError.unknownProtocol(code: code)
        }
        self = known
    }
}
