import GRDB
import TelemetryModel

/// Reading back, at start, what the log's file says.
enum LogRecovery {
    static func restore(from db: Database, into registry: SeriesRegistry) throws -> IngestLog.Progress {
        let series = try Row.fetchCursor(db, sql: "SELECT ref, labels FROM series ORDER BY ref")
        while let row = try series.next() {
            let reference: Int64 = try row.decode(atIndex: 0)
            let text: String = try row.decode(atIndex: 1)
            guard let labels = LabelSet(json: text), reference == registry.count else {
                throw LogOpenError.damagedSeries(reference: reference)
            }
            registry.restore(labels, as: SeriesReference(UInt32(reference)))
        }
        var progress = IngestLog.Progress()
        progress.durableOffset =
            try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'batch'") ?? 0
        for row in try Row.fetchAll(db, sql: "SELECT protocol, records FROM received_total") {
            progress.received[try IngestProtocol(stored: row.decode(atIndex: 0))] = try row.decode(atIndex: 1)
        }
        for row in try Row.fetchAll(db, sql: "SELECT protocol, source_id, reason, records FROM dead_letter_total") {
            let key = DeadLetterKey(
                ingestProtocol: try IngestProtocol(stored: row.decode(atIndex: 0)),
                sourceID: try row.decode(atIndex: 1), reason: try row.decode(atIndex: 2))
            progress.deadLettered[key] = try row.decode(atIndex: 3)
        }
        progress.deadLetterBytes =
            try Int.fetchOne(db, sql: "SELECT coalesce(sum(length(payload)), 0) FROM dead_letter") ?? 0
        return progress
    }
}

/// The log's file cannot be used as it is.
package enum LogOpenError: Error, CustomStringConvertible {
    case damagedSeries(reference: Int64)
    case unknownProtocol(code: Int)

    package var description: String {
        switch self {
        case .damagedSeries(let reference):
            """
            log.sqlite: table series is damaged at ref \(reference): expected the labels as a JSON object and references \
            without gaps; restore the file from a backup, or move it away to start with an empty log
            """
        case .unknownProtocol(let code):
            "log.sqlite: protocol code \(code) is not known to this version; it was written by a newer one"
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
