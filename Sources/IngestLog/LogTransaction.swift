import Foundation
import GRDB
import TelemetryModel

/// The statements of one write transaction.
struct LogTransaction {
    /// Where the log ends after a group is written.
    struct Outcome {
        /// One per request; a request without accepted records gets the offset of the newest batch before it, and one that
        /// replays a letter that has changed meanwhile gets none: nothing of it is written.
        var offsets: [Int64?] = []
        /// Offset of the newest batch.
        var end: Int64
        var accepted: RunningTotals
        var letters = DeadLetterTable.Change()
        var metadata: MetadataChange
    }

    let db: Database

    /// Writes the new series, then each request: its batch, its dead letters, and what becomes of the letter that it replays.
    ///
    /// - Parameters: `firstReference`, that of the first new series; `end`, the newest offset so far, and `accepted`, the totals through it.
    func write(
        _ group: [IngestLog.Waiting], newSeries: [LabelSet], firstReference: Int, end: Int64, accepted: RunningTotals,
        metadata: MetadataRegistry
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
        var outcome = Outcome(end: end, accepted: accepted, metadata: MetadataChange(metadata))
        var letters = DeadLetterTable(db: db)
        for waiting in group {
            let submission = waiting.submission
            if let settlement = submission.settlement {
                guard try letters.isCurrent(settlement) else {
                    outcome.offsets.append(nil)
                    continue
                }
                try letters.settle(settlement, at: submission.receivedAt)
            }
            if !submission.batch.isEmpty {
                outcome.end += 1
                outcome.accepted[submission.ingestProtocol] += submission.batch.count
                try insertBatch.execute(arguments: [
                    outcome.end, submission.receivedAt, submission.ingestProtocol.rawValue, submission.batch.count,
                    outcome.accepted.text, Data(waiting.payload),
                ])
            }
            try DeltaTotals(db: db).write(submission.deltaTotals)
            outcome.metadata.add(submission.metadata, at: submission.receivedAt)
            // What is left of a letter came when that did.
            let arrival = submission.settlement?.arrival ?? submission.receivedAt
            for record in submission.rejected {
                try letters.insert(record, receivedAt: arrival, by: submission.ingestProtocol)
            }
            for (name, value) in submission.positions {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO position VALUES (?, ?)", arguments: [name, value])
            }
            outcome.offsets.append(outcome.end)
        }
        try MetadataTable(db: db).write(outcome.metadata)
        try letters.writeCounts()
        outcome.letters = letters.change
        return outcome
    }

    private func insert(_ series: [LabelSet], from firstReference: Int) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO series(ref, labels) VALUES (?, ?)")
        for (index, labels) in series.enumerated() {
            try statement.execute(arguments: [firstReference + index, labels.json])
        }
    }
}
