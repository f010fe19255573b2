import GRDB
import TelemetryModel

/// Running totals as they can be read from the file.
struct LogTotals {
    let db: Database

    /// Records accepted through `offset`, or those trimmed if that is less than what is trimmed: what the newest row up to
    /// it says. O(log n), and further back only over rows whose totals are damaged.
    ///
    /// - Throws: `LogOpenError.damagedTotals` if a row tells neither its totals nor its records; SQLITE_CORRUPT if its page is
    ///   malformed.
    func through(_ offset: Int64) throws -> RunningTotals {
        // Before any row is looked for: the page where it would be is the oldest row's, and that may be malformed.
        if try offset <= trimmedOffset() { return try trimmed() }
        var since = RunningTotals()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT offset, protocol, records, totals FROM batch WHERE offset <= ? ORDER BY offset DESC",
            arguments: [offset])
        while let row = try rows.next() {
            if let text = String.fromDatabaseValue(row[3]), let totals = RunningTotals(text: text) {
                return totals + since
            }
            guard let own = LogTotals.own(row) else {
                throw LogOpenError.damagedTotals(offset: try row.decode(atIndex: 0))
            }
            since = since + own
        }
        return try trimmed() + since
    }

    /// Like `through`; nil if damage hides it: a malformed page, damaged columns, or missing rows of which some may lie
    /// before `offset` and some after it.
    func ifKnown(through offset: Int64) throws -> RunningTotals? {
        do {
            let totals = try through(offset)
            if try offset <= trimmedOffset() { return totals }
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT offset, protocol, records, totals FROM batch WHERE offset >= ? ORDER BY offset LIMIT 1",
                arguments: [offset])
            guard let next = rows.first, try next.decode(Int64.self, atIndex: 0) > offset else { return totals }
            // No row is there: either offsets were left out, or what the next row counts before it is more.
            guard let text = String.fromDatabaseValue(next[3]), let after = RunningTotals(text: text),
                let own = LogTotals.own(next), after - own == totals
            else { return nil }
            return totals
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return nil
        } catch is LogOpenError {
            return nil
        } catch is RowDecodingError {
            return nil
        }
    }

    /// The records of a row of `offset, protocol, records, …`; nil if that is not what was written.
    private static func own(_ row: Row) -> RunningTotals? {
        guard let code = Int.fromDatabaseValue(row[1]), let raw = UInt8(exactly: code),
            let ingestProtocol = IngestProtocol(rawValue: raw), let records = Int.fromDatabaseValue(row[2]),
            RunningTotals.possibleCounts.contains(records)
        else { return nil }
        var own = RunningTotals()
        own[ingestProtocol] = records
        return own
    }

    /// The newest offset that was trimmed; 0 if none was, or by a version that did not note it.
    func trimmedOffset() throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT value FROM position WHERE name = 'trimmed'") ?? 0
    }

    /// Accepted records in batches that are not in the log any more.
    func trimmed() throws -> RunningTotals {
        var totals = RunningTotals()
        for row in try Row.fetchAll(db, sql: "SELECT protocol, records FROM trimmed_total") {
            totals[try IngestProtocol(stored: row.decode(atIndex: 0))] = try row.decode(atIndex: 1)
        }
        return totals
    }
}
