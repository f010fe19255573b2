import Foundation
import GRDB
import TelemetryModel

extension DeadLetterTable {
    private static let columns = """
        id, received_at_ms, protocol, source_id, reason, field, message, record_index, payload, parameters,
        coalesce(first_reason, reason), state, attempts, changed_at_ms, original, revision
        """

    /// In the order and within the bounds that the selection names.
    func letters(_ selection: DeadLetterSelection) throws -> [DeadLetter] {
        let (conditions, arguments) = DeadLetterTable.conditions(selection)
        let order = selection.isAscending ? "ASC" : "DESC"
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(Self.columns) FROM dead_letter WHERE \(conditions) ORDER BY id \(order) LIMIT ?
                """, arguments: arguments + [selection.limit])
        var letters: [DeadLetter] = []
        var bytes = 0
        while bytes < selection.maximumBytes, let row = try rows.next() {
            let letter = try DeadLetterTable.letter(row)
            bytes += letter.payload.count + (letter.original?.count ?? 0)
            letters.append(letter)
        }
        return letters
    }

    func letter(_ id: Int64) throws -> DeadLetter? {
        try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM dead_letter WHERE id = ?", arguments: [id])
            .map(DeadLetterTable.letter)
    }

    /// How many there are of each reason, and the greatest id, of those that the selection names; its `limit` does not count.
    func count(_ selection: DeadLetterSelection) throws -> (byReason: [String: Int], lastID: Int64) {
        let (conditions, arguments) = DeadLetterTable.conditions(selection)
        let rows = try Row.fetchCursor(
            db, sql: "SELECT reason, count(*), max(id) FROM dead_letter WHERE \(conditions) GROUP BY reason",
            arguments: arguments)
        var result: (byReason: [String: Int], lastID: Int64) = ([:], 0)
        while let row = try rows.next() {
            result.byReason[try row.decode(atIndex: 0)] = try row.decode(atIndex: 1)
            result.lastID = max(result.lastID, try row.decode(atIndex: 2))
        }
        return result
    }

    /// What a selection means in SQL.
    static func conditions(_ selection: DeadLetterSelection) -> (sql: String, arguments: StatementArguments) {
        var conditions = ["1"]
        var arguments = StatementArguments()
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("state = ?", selection.state?.rawValue)
        add("reason = ?", selection.reason)
        add("source_id = ?", selection.sourceID)
        add("protocol = ?", selection.ingestProtocol?.rawValue)
        add("received_at_ms >= ?", selection.from > .min ? selection.from : nil)
        add("received_at_ms <= ?", selection.through < .max ? selection.through : nil)
        add("id < ?", selection.beforeID)
        add("id > ?", selection.afterID)
        return (conditions.joined(separator: " AND "), arguments)
    }

    private static func letter(_ row: Row) throws -> DeadLetter {
        let payload: Data = try row.decode(atIndex: 8)
        let original: Data? = try row.decode(atIndex: 14)
        return try DeadLetter(
            id: row.decode(atIndex: 0), receivedAt: row.decode(atIndex: 1),
            ingestProtocol: IngestProtocol(stored: row.decode(atIndex: 2)), sourceID: row.decode(atIndex: 3),
            reason: row.decode(atIndex: 4), field: row.decode(atIndex: 5), message: row.decode(atIndex: 6),
            recordIndex: row.decode(atIndex: 7), payload: [UInt8](payload), parameters: row.decode(atIndex: 9),
            firstReason: row.decode(atIndex: 10),
            state: DeadLetter.State(rawValue: row.decode(atIndex: 11)) ?? .waiting, attempts: row.decode(atIndex: 12),
            changedAt: row.decode(atIndex: 13), original: original.map { [UInt8]($0) },
            revision: row.decode(atIndex: 15))
    }

    /// All that was ever counted.
    func totals() throws -> [DeadLetterKey: DeadLetterCounts] {
        var totals: [DeadLetterKey: DeadLetterCounts] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT protocol, source_id, reason, records, replayed, discarded, expired FROM dead_letter_total")
        while let row = try rows.next() {
            let key = DeadLetterKey(
                ingestProtocol: try IngestProtocol(stored: row.decode(atIndex: 0)),
                sourceID: try row.decode(atIndex: 1), reason: try row.decode(atIndex: 2))
            totals[key] = try DeadLetterCounts(
                records: row.decode(atIndex: 3), replayed: row.decode(atIndex: 4), discarded: row.decode(atIndex: 5),
                expired: row.decode(atIndex: 6))
        }
        return totals
    }

    /// Of all that is kept.
    func bytes() throws -> Int {
        try Int.fetchOne(db, sql: "SELECT coalesce(sum(\(Self.rowBytes)), 0) FROM dead_letter") ?? 0
    }
}
