import Foundation
import GRDB
import TelemetryModel

/// What a reader of the log meets at an offset, or at several.
package enum LogEntry: Sendable {
    case batch(CommittedBatch)
    case damaged(DamagedBatches)

    /// The offset through which the log is read once this is dealt with.
    package var offset: Int64 {
        switch self {
        case .batch(let batch): batch.offset
        case .damaged(let damage): damage.last
        }
    }
}

/// Batches that were acknowledged and cannot be read. The others are unharmed.
package struct DamagedBatches: Error, Sendable, Equatable, CustomStringConvertible {
    package let first: Int64
    package let last: Int64
    /// How many records they had, by their rows or by the running totals of their neighbours; nil if a neighbour that
    /// would tell is damaged too.
    package let records: RunningTotals?
    package let reason: String

    package var description: String {
        let range = first == last ? "batch \(first)" : "batches \(first) to \(last)"
        let count = records.map { "\($0.sum) records" } ?? "how many records cannot be told"
        return "log.sqlite, \(range) (\(count)): \(reason)"
    }
}

/// Reads batches in order of offset, piece by piece, around what is damaged.
///
/// Three things can be wrong: a payload fails its checksum; SQLite finds a page of a batch malformed (SQLITE_CORRUPT,
/// https://sqlite.org/rescode.html#corrupt); or rows that the running totals speak of are not there. Each becomes an entry.
struct BatchReader {
    private struct Header {
        let offset: Int64
        let ingestProtocol: IngestProtocol
        let receivedAt: Int64
        let records: Int
        let totals: RunningTotals
    }

    /// Between the last good row and the next one, not yet counted.
    private struct OpenDamage {
        let first: Int64
        let reason: String
    }

    private let database: DatabaseQueue
    let through: Int64
    private let endTotals: RunningTotals?
    /// All through here is handed out, or part of `damage`.
    private var position: Int64
    private var damage: OpenDamage?
    /// The newest row that was there, readable or not.
    private var lastRow: Int64
    /// As of the newest row that could be read; nil if that is not known.
    private var totals: RunningTotals?

    /// Reads `after + 1 ... through`, without what is trimmed.
    ///
    /// - Parameter endTotals: as of `through`; nil if that is not known.
    init(_ database: DatabaseQueue, after: Int64, through: Int64, endTotals: RunningTotals?) throws {
        self.database = database
        self.through = through
        self.endTotals = endTotals
        // Without a transaction, as in `readRows`.
        (position, totals) = try database.unsafeRead { db in
            let known = LogTotals(db: db)
            let start = max(after, try known.trimmedOffset())
            return (start, try known.ifKnown(through: start))
        }
        lastRow = position
    }

    /// The next entries, about `maximumRecords` of records; none at the end.
    ///
    /// - Throws: what SQLite could not do, but for damage. Nothing was passed over then; it can be called again.
    mutating func next(maximumRecords: Int) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        while entries.isEmpty, position < through {
            do {
                try readRows(maximumRecords, &entries)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                guard entries.isEmpty else { continue }
                let before = position
                try readAround(error, &entries)
                if entries.isEmpty, position == before { passOver(position + 1, error) }
            } catch {
                // What was read before the error counts; the next call meets the error again.
                if entries.isEmpty { throw error }
            }
        }
        if entries.isEmpty, damage != nil || lastRow < through {
            close(before: through + 1, endTotals, &entries)
            lastRow = through
        }
        return entries
    }

    private mutating func readRows(_ maximumRecords: Int, _ entries: inout [LogEntry]) throws {
        // A copy, because the closure may not mutate `self`; taken over entry by entry even if reading ends early.
        var reader = self
        defer { self = reader }
        // Without a transaction: each statement sees one state, and rows never change. After a statement that met a
        // malformed page, SQLite may refuse the COMMIT of a transaction that only read.
        try database.unsafeRead { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT offset, received_at_ms, protocol, records, totals, payload FROM batch
                    WHERE offset >= ? AND offset <= ? ORDER BY offset
                    """)
            // Not `> position`: that would look for the row at `position` first, whose page may be the malformed one.
            let rows = try Row.fetchCursor(statement, arguments: [reader.position + 1, reader.through])
            var records = 0
            while records < maximumRecords {
                guard let row = try rows.next() else {
                    reader.position = reader.through
                    return
                }
                records += try reader.take(row, &entries)
            }
        }
    }

    /// Hands out a row; returns how many records it has.
    private mutating func take(_ row: Row, _ entries: inout [LogEntry]) throws -> Int {
        guard let header = try open(row, &entries) else { return 0 }
        do {
            let batch = try row.withUnsafeData(atIndex: 5) { payload in
                try (payload ?? Data()).withUnsafeBytes { try BatchPayload.decode($0) }
            }
            entries.append(
                .batch(
                    CommittedBatch(
                        offset: header.offset, ingestProtocol: header.ingestProtocol, receivedAt: header.receivedAt,
                        batch: batch)))
        } catch let corruption as LogCorruption {
            append(header, reason: "\(corruption)", &entries)
        }
        return header.records
    }

    /// Reads the columns before the payload and settles what lies between the row before and this one; nil if they are
    /// damaged themselves.
    private mutating func open(_ row: Row, _ entries: inout [LogEntry]) throws -> Header? {
        let offset = try row.decode(Int64.self, atIndex: 0)
        guard let code = Int.fromDatabaseValue(row[2]), let raw = UInt8(exactly: code),
            let ingestProtocol = IngestProtocol(rawValue: raw), let receivedAt = Int64.fromDatabaseValue(row[1]),
            let records = Int.fromDatabaseValue(row[3]), RunningTotals.possibleCounts.contains(records),
            let text = String.fromDatabaseValue(row[4]), let totals = RunningTotals(text: text)
        else {
            let reason = "protocol, records or totals are not what was written"
            if damage == nil { damage = OpenDamage(first: lastRow + 1, reason: reason) }
            (position, lastRow) = (offset, offset)
            return nil
        }
        var before = totals
        before[ingestProtocol] -= records
        close(before: offset, before, &entries)
        (position, lastRow) = (offset, offset)
        self.totals = totals
        return Header(
            offset: offset, ingestProtocol: ingestProtocol, receivedAt: receivedAt, records: records, totals: totals)
    }

    private func append(_ header: Header, reason: String, _ entries: inout [LogEntry]) {
        var records = RunningTotals()
        records[header.ingestProtocol] = header.records
        entries.append(
            .damaged(DamagedBatches(first: header.offset, last: header.offset, records: records, reason: reason)))
    }

    /// Ends damage, known or only now noticed, that lies before the row at `offset`, where `before` records had been
    /// accepted. Offsets without rows are no damage by themselves: `continueAfter` leaves some out, and no records with them.
    private mutating func close(before offset: Int64, _ before: RunningTotals?, _ entries: inout [LogEntry]) {
        guard damage != nil || offset > lastRow + 1 else { return }
        var missing: RunningTotals?
        if let totals, let before, (before - totals).isPlausible { missing = before - totals }
        if damage == nil, missing?.sum == 0 { return }
        entries.append(
            .damaged(
                DamagedBatches(
                    first: damage?.first ?? lastRow + 1, last: offset - 1, records: missing,
                    reason: damage?.reason ?? "the rows are not in the table")))
        damage = nil
    }

    /// After SQLite stopped at a malformed page behind `position`: reads, or sets aside, the one batch that comes next, or
    /// passes over rows until one can be found again.
    private mutating func readAround(_ error: DatabaseError, _ entries: inout [LogEntry]) throws {
        let reason = "SQLite: \(error.message ?? "the page is malformed")"
        var reader = self
        defer { self = reader }
        try database.unsafeRead { db in
            // The columns before the payload lie in the row's own page; only the payload has pages of its own.
            let header = try BatchReader.unlessCorrupt {
                try Row.fetchOne(
                    db,
                    sql: """
                        SELECT offset, received_at_ms, protocol, records, totals FROM batch
                        WHERE offset >= ? AND offset <= ? ORDER BY offset LIMIT 1
                        """, arguments: [reader.position + 1, reader.through])
            }
            guard let found = header else {
                try reader.passUnreadableRows(db, reason)
                return
            }
            guard let row = found else {
                reader.position = reader.through
                return
            }
            guard let header = try reader.open(row, &entries) else { return }
            let isRead: Bool? = try BatchReader.unlessCorrupt {
                guard
                    let row = try Row.fetchOne(
                        db,
                        sql:
                            "SELECT offset, received_at_ms, protocol, records, totals, payload FROM batch WHERE offset = ?",
                        arguments: [header.offset])
                else { return false }
                _ = try reader.take(row, &entries)
                return true
            }
            if isRead == nil { reader.append(header, reason: reason, &entries) }
        }
    }

    /// Counts an offset as damaged although its row can be found: reading from there on would only fail again.
    private mutating func passOver(_ offset: Int64, _ error: DatabaseError) {
        if damage == nil { damage = OpenDamage(first: offset, reason: "SQLite: \(error.message ?? "malformed")") }
        position = offset
    }

    /// Moves `position` to just before the next row that SQLite can find. One look-up an offset: a damaged page may hide
    /// any of them, and skipping would lose what can be read.
    private mutating func passUnreadableRows(_ db: Database, _ reason: String) throws {
        if damage == nil { damage = OpenDamage(first: position + 1, reason: reason) }
        let statement = try db.makeStatement(sql: "SELECT 1 FROM batch WHERE offset = ?")
        while position < through {
            let next = position + 1
            let isFound = try BatchReader.unlessCorrupt { try Int.fetchOne(statement, arguments: [next]) == 1 }
            if isFound == true { return }
            position = next
        }
    }

    /// Nil if SQLite found a malformed page.
    private static func unlessCorrupt<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return nil
        }
    }
}
