import Foundation
import GRDB
import TelemetryModel

/// The statements of one write transaction.
struct LogTransaction {
    /// Where the log ends after a group is written.
    struct Outcome {
        /// One per request; a request without accepted records gets the offset of the newest batch before it.
        var offsets: [Int64] = []
        var accepted: RunningTotals
    }

    let db: Database

    /// Writes the new series, then each request: its batch, its dead letters.
    ///
    /// - Parameters: `firstReference`, that of the first new series; `end`, the newest offset so far, and `accepted`, the totals through it.
    func write(
        _ group: [IngestLog.Waiting], newSeries: [LabelSet], firstReference: Int, end: Int64, accepted: RunningTotals
    ) throws -> Outcome {
        try insert(newSeries, from: firstReference)
        if !newSeries.isEmpty, let now = group.map(\.submission.receivedAt).max() {
            try SeriesHistory(db: db).note(series: firstReference, at: now)
        }
        let insertBatch = try db.cachedStatement(
            sql: """
                INSERT INTO batch(offset, received_at_ms, protocol, records, totals, payload)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
        var outcome = Outcome(accepted: accepted)
        var last = end
        var deadLetters: [DeadLetterKey: Int] = [:]
        for waiting in group {
            let submission = waiting.submission
            if !submission.batch.isEmpty {
                last += 1
                outcome.accepted[submission.ingestProtocol] += submission.batch.count
                try insertBatch.execute(arguments: [
                    last, submission.receivedAt, submission.ingestProtocol.rawValue, submission.batch.count,
                    outcome.accepted.text, Data(waiting.payload),
                ])
            }
            for record in submission.rejected { try insert(record, of: submission, counting: &deadLetters) }
            for (name, value) in submission.positions {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO position VALUES (?, ?)", arguments: [name, value])
            }
            outcome.offsets.append(last)
        }
        for (key, records) in deadLetters {
            try db.execute(
                sql: """
                    INSERT INTO dead_letter_total VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET records = records + excluded.records
                    """, arguments: [key.ingestProtocol.rawValue, key.sourceID, key.reason, records])
        }
        return outcome
    }

    /// Deletes the oldest dead letters until at least `bytes` of payload are gone.
    func expireDeadLetters(bytes: Int) throws -> (records: Int, bytes: Int) {
        let cursor = try Row.fetchCursor(db, sql: "SELECT id, length(payload) FROM dead_letter ORDER BY id")
        var freed = (records: 0, bytes: 0)
        var lastID: Int64 = 0
        while freed.bytes < bytes, let row = try cursor.next() {
            lastID = try row.decode(atIndex: 0)
            freed.records += 1
            freed.bytes += try row.decode(Int.self, atIndex: 1)
        }
        try db.execute(sql: "DELETE FROM dead_letter WHERE id <= ?", arguments: [lastID])
        return freed
    }

    private func insert(_ series: [LabelSet], from firstReference: Int) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO series(ref, labels) VALUES (?, ?)")
        for (index, labels) in series.enumerated() {
            try statement.execute(arguments: [firstReference + index, labels.json])
        }
    }

    private func insert(
        _ record: RejectedRecord, of submission: LogSubmission, counting totals: inout [DeadLetterKey: Int]
    ) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO dead_letter(
                    received_at_ms, protocol, source_id, reason, field, message, record_index, payload)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            submission.receivedAt, submission.ingestProtocol.rawValue, record.sourceID, record.reason.rawValue,
            record.field, record.message, record.index, Data(record.payload),
        ])
        if submission.wereAccepted { return }
        let key = DeadLetterKey(
            ingestProtocol: submission.ingestProtocol, sourceID: record.sourceID ?? "", reason: record.reason.rawValue)
        totals[key, default: 0] += 1
    }
}
