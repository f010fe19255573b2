import Foundation
import GRDB
import LabelPattern
package import TimeSeriesStore

/// Deletes and their receipts, in `tombstones.sqlite`.
///
/// WAL with `synchronous=FULL`: a delete that `add` returned survives a power loss. Calls block their thread. Thread-safe.
///
///     tombstone(id, created_at_ms, matchers, from_ms, through_ms, offset, samples_removed, done_at_ms)
///
/// `matchers` is a JSON list of `{"name", "op", "value"}` with PromQL's operators; `done_at_ms` is NULL as long as some
/// block still has what the delete covers. A row stays for good, as a receipt.
package final class TombstoneDatabase: Sendable {
    package static let fileName = "tombstones.sqlite"

    /// A delete and what became of it.
    package struct Receipt: Sendable {
        package let tombstone: Tombstone
        package let samplesRemoved: Int
        /// When the last of it was gone from disk.
        package let doneAt: Int64?
    }

    private struct MatcherRecord: Codable {
        let name: String
        let op: String
        let value: String
    }

    private let queue: DatabaseQueue

    /// Opens or makes the file in a folder that is there.
    package init(folder: String) throws {
        var configuration = Configuration()
        configuration.label = "heliograph.tombstones"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        queue = try DatabaseQueue(path: "\(folder)/\(TombstoneDatabase.fileName)", configuration: configuration)
        try TombstoneDatabase.migrator.migrate(queue)
    }

    /// Writes a delete down, durably, before anything is taken away.
    package func add(
        matchers: [LabelMatcher], range: TimeRange, offset: Int64, now: Int64
    ) throws -> Tombstone {
        let records = matchers.map { MatcherRecord(name: $0.name, op: $0.condition.op, value: $0.condition.text) }
        let json = String(decoding: try JSONEncoder().encode(records), as: UTF8.self)
        let id = try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO tombstone(created_at_ms, matchers, from_ms, through_ms, offset, samples_removed)
                    VALUES (?, ?, ?, ?, ?, 0)
                    """,
                arguments: [now, json, range.from, range.through, offset])
            return db.lastInsertedRowID
        }
        return Tombstone(id: id, createdAt: now, matchers: matchers, range: range, offset: offset)
    }

    /// Deletes that some block may still have samples of, ascending.
    package func active() throws -> [Tombstone] {
        try receipts().filter { $0.doneAt == nil }.map(\.tombstone)
    }

    /// All there ever were, ascending.
    package func receipts() throws -> [Receipt] {
        try queue.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, created_at_ms, matchers, from_ms, through_ms, offset, samples_removed, done_at_ms
                    FROM tombstone ORDER BY id
                    """
            ).map { row in
                let tombstone = Tombstone(
                    id: row[0], createdAt: row[1], matchers: try TombstoneDatabase.matchers(json: row[2]),
                    range: TimeRange(from: row[3], through: row[4]), offset: row[5])
                return Receipt(tombstone: tombstone, samplesRemoved: row[6], doneAt: row[7])
            }
        }
    }

    /// Adds to the numbers of samples that deletes took away.
    package func addRemoved(_ samples: [Int64: Int]) throws {
        try queue.write { db in
            for (id, count) in samples where count > 0 {
                try db.execute(
                    sql: "UPDATE tombstone SET samples_removed = samples_removed + ? WHERE id = ?",
                    arguments: [count, id])
            }
        }
    }

    /// Notes that no block has any of it left.
    package func finish(_ ids: [Int64], now: Int64) throws {
        try queue.write { db in
            for id in ids {
                try db.execute(
                    sql: "UPDATE tombstone SET done_at_ms = ? WHERE id = ? AND done_at_ms IS NULL",
                    arguments: [now, id])
            }
        }
    }

    /// Closes the file; later calls throw.
    package func close() throws { try queue.close() }

    private static func matchers(json: String) throws -> [LabelMatcher] {
        let records = try JSONDecoder().decode([MatcherRecord].self, from: Data(json.utf8))
        return try records.map { record in
            let condition: LabelMatcher.Condition =
                switch record.op {
                case "=": .equal(record.value)
                case "!=": .notEqual(record.value)
                case "=~": .matches(try LabelPattern(record.value))
                case "!~": .doesNotMatch(try LabelPattern(record.value))
                default:
                    throw BlockDamage(
                        file: fileName, expected: "one of = != =~ !~ as a matcher's operator", found: record.op)
                }
            return LabelMatcher(record.name, condition)
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: tombstones") { db in
            try db.execute(
                sql: """
                    CREATE TABLE tombstone(
                        id INTEGER PRIMARY KEY AUTOINCREMENT, created_at_ms INTEGER NOT NULL, matchers TEXT NOT NULL,
                        from_ms INTEGER NOT NULL, through_ms INTEGER NOT NULL, offset INTEGER NOT NULL,
                        samples_removed INTEGER NOT NULL, done_at_ms INTEGER)
                    """)
        }
        return migrator
    }
}

extension LabelMatcher.Condition {
    fileprivate var op: String {
        switch self {
        case .equal: "="
        case .notEqual: "!="
        case .matches: "=~"
        case .doesNotMatch: "!~"
        }
    }

    fileprivate var text: String {
        switch self {
        case .equal(let text), .notEqual(let text): text
        case .matches(let pattern), .doesNotMatch(let pattern): pattern.text
        }
    }
}
