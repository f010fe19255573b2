import Foundation
import GRDB
import TelemetryModel

/// The statements of one write transaction.
struct LogTransaction {
    let db: Database

    /// Writes the new series, then each request: its batch, its dead letters, its count. Returns an offset per request; a
    /// request without accepted records gets the offset of the newest batch before it.
    func write(_ group: [IngestLog.Waiting], newSeries: ArraySlice<LabelSet>) throws -> [Int64] {
        try insert(newSeries)
        let insertBatch = try db.cachedStatement(
            sql: "INSERT INTO batch(received_at_ms, protocol, records, payload) VALUES (?, ?, ?, ?)")
        var last = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'batch'") ?? 0
        var offsets: [Int64] = []
        var received: [IngestProtocol: Int] = [:]
        var deadLetters: [DeadLetterKey: Int] = [:]
        for waiting in group {
            let submission = waiting.submission
            received[submission.ingestProtocol, default: 0] += submission.recordCount
            if !submission.batch.isEmpty {
                try waiting.payload.withUnsafeBytes { payload in
                    try insertBatch.execute(arguments: [
                        submission.receivedAt, submission.ingestProtocol.rawValue, submission.batch.count,
                        Data(payload),
                    ])
                }
                last = db.lastInsertedRowID
            }
            for record in submission.rejected { try insert(record, of: submission, counting: &deadLetters) }
            offsets.append(last)
        }
        for (ingestProtocol, records) in received {
            try db.execute(
                sql: """
                    INSERT INTO received_total VALUES (?, ?)
                    ON CONFLICT(protocol) DO UPDATE SET records = records + excluded.records
                    """, arguments: [ingestProtocol.rawValue, records])
        }
        for (key, records) in deadLetters {
            try db.execute(
                sql: """
                    INSERT INTO dead_letter_total VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET records = records + excluded.records
                    """, arguments: [key.ingestProtocol.rawValue, key.sourceID, key.reason, records])
        }
        return offsets
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

    private func insert(_ series: ArraySlice<LabelSet>) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO series(ref, labels) VALUES (?, ?)")
        for (reference, labels) in zip(series.indices, series) {
            try statement.execute(arguments: [reference, labels.json])
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
        let key = DeadLetterKey(
            ingestProtocol: submission.ingestProtocol, sourceID: record.sourceID ?? "", reason: record.reason.rawValue)
        totals[key, default: 0] += 1
    }
}
