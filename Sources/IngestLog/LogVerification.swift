import Foundation
import GRDB
import TelemetryModel

/// What was found in a log's file.
package struct LogFinding: Sendable {
    package var batches = 0
    package var records = 0
    package var series = 0
    package var deadLetters = 0
    /// Offset of the newest batch there ever was.
    package var end: Int64 = 0
    /// One sentence for each thing that is not as it was written.
    package var problems: [String] = []
}

/// Checks `log.sqlite` without opening it for use: nothing is changed, and another process may go on writing.
package enum LogVerification {
    package static let fileName = LogDatabase.fileName
    private static let recordsAtOnce = 50_000
    /// Further ones are counted only.
    private static let shownProblems = 100

    /// Everything in the file, as of one moment: SQLite's own check, every series, every batch, the running totals, and the
    /// ledger against them.
    ///
    /// - Parameters:
    ///   - isInUse: another process may be writing. If not, a WAL is looked through for what SQLite would drop without a word.
    ///   - progress: called with the number of batches read so far.
    /// - Throws: only what `progress` throws; what cannot be read is a problem in the finding.
    package static func verify(folder: String, isInUse: Bool, progress: (_ batches: Int) throws -> Void = { _ in })
        throws
        -> LogFinding
    {
        var finding = LogFinding()
        if !isInUse, let wal = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(fileName)-wal")),
            let damage = WALDamage.find(in: [UInt8](wal))
        {
            finding.problems.append("\(damage.words)")
        }
        let queue: DatabaseQueue
        do {
            queue = try snapshot(of: "\(folder)/\(fileName)")
        } catch {
            finding.problems.append(reason(for: error))
            return finding
        }
        defer { try? queue.close() }
        do {
            let isCurrent = try queue.read { db in
                let answers = try String.fetchAll(db, sql: "PRAGMA integrity_check(10)")
                if answers != ["ok"] { finding.problems += answers.map { "SQLite's check: \($0)" } }
                return try db.tableExists("trimmed_total")
            }
            guard isCurrent else {
                finding.problems.append(
                    "it was laid out by an older version, or is no log: start the server on it once, then verify again")
                return finding
            }
            try readSeries(queue, &finding)
            try queue.read { db in try checkDeadLetters(db, &finding) }
            try queue.read { db in try checkLedger(db, &finding) }
        } catch {
            finding.problems.append(reason(for: error))
        }
        try readBatches(queue, &finding, progress)
        return finding
    }

    /// A connection that sees the file as it is now for as long as it is open.
    private static func snapshot(of path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "heliograph.log.verification"
        configuration.busyMode = .timeout(30)
        // The transaction stays open from one access to the next.
        configuration.allowsUnsafeTransactions = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.unsafeRead { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
        }
        return queue
    }

    private static func readSeries(_ queue: DatabaseQueue, _ finding: inout LogFinding) throws {
        let registry = SeriesRegistry(limit: Int(UInt32.max) - 1)
        do {
            let progress = try queue.read { db in try LogRecovery.restore(from: db, into: registry) }
            finding.end = progress.durableOffset
        } catch let error as LogOpenError {
            finding.problems.append(error.description)
        }
        finding.series = registry.count
    }

    private static func readBatches(
        _ queue: DatabaseQueue, _ finding: inout LogFinding, _ progress: (Int) throws -> Void
    ) throws {
        var reader: BatchReader
        do {
            let totals = try queue.read { db in try LogTotals(db: db).through(.max) }
            reader = try BatchReader(queue, after: 0, through: finding.end, endTotals: totals)
        } catch {
            finding.problems.append(reason(for: error))
            return
        }
        var unshown = 0
        func note(_ problem: String) {
            if finding.problems.count < shownProblems { finding.problems.append(problem) } else { unshown += 1 }
        }
        while true {
            let entries: [LogEntry]
            do {
                entries = try reader.next(maximumRecords: recordsAtOnce)
            } catch {
                note(reason(for: error))
                break
            }
            if entries.isEmpty { break }
            for entry in entries {
                switch entry {
                case .damaged(let damage): note("\(damage)")
                case .batch(let committed):
                    finding.batches += 1
                    finding.records += committed.batch.count
                    let references = committed.batch.references + committed.batch.exemplars.map(\.series)
                    if let unknown = references.first(where: { $0.rawValue >= finding.series }) {
                        note(
                            "batch \(committed.offset): expected one of \(finding.series) series, found \(unknown.rawValue)"
                        )
                    }
                }
            }
            try progress(finding.batches)
        }
        if unshown > 0 { finding.problems.append("and \(unshown) more") }
    }

    /// At the ledger's offset every accepted record was stored, a duplicate or dropped, and there are as many as the batches'
    /// running totals say.
    private static func checkLedger(_ db: Database, _ finding: inout LogFinding) throws {
        let offset = try Int64.fetchOne(db, sql: "SELECT value FROM position WHERE name = 'ledger'") ?? 0
        var counted = RunningTotals()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT protocol, source_id, received, stored, duplicate, dropped, refused FROM ledger")
        while let row = try rows.next() {
            let counts = LedgerCounts(
                accepted: try row.decode(atIndex: 2), stored: try row.decode(atIndex: 3),
                duplicate: try row.decode(atIndex: 4), dropped: try row.decode(atIndex: 5),
                refused: try row.decode(atIndex: 6))
            counted[try IngestProtocol(stored: row.decode(atIndex: 0))] += counts.accepted
            if counts.accepted != counts.stored + counts.duplicate + counts.dropped + counts.refused {
                finding.problems.append(
                    "ledger of \(try row.decode(String.self, atIndex: 1)): expected received = stored + duplicate + dropped + refused, found \(counts)"
                )
            }
        }
        let accepted = try LogTotals(db: db).through(offset)
        for ingestProtocol in IngestProtocol.allCases where counted[ingestProtocol] != accepted[ingestProtocol] {
            finding.problems.append(
                "ledger of protocol \(ingestProtocol.name): expected \(accepted[ingestProtocol]) records through batch "
                    + "\(offset), as the batches count them, found \(counted[ingestProtocol])")
        }
    }

    /// Those that wait cannot be more than were neither replayed nor deleted.
    private static func checkDeadLetters(_ db: Database, _ finding: inout LogFinding) throws {
        finding.deadLetters = try Int.fetchOne(db, sql: "SELECT count(*) FROM dead_letter") ?? 0
        // A file of before migration 4 knows no replay.
        let isReplayable = try db.columns(in: "dead_letter").contains { $0.name == "state" }
        let reason = isReplayable ? "coalesce(first_reason, reason)" : "reason"
        let kept = isReplayable ? "WHERE state = 0" : ""
        let waiting =
            isReplayable
            ? "coalesce(t.records - t.replayed - t.discarded - t.expired, 0)" : "coalesce(t.records, 0)"
        let excess = try Row.fetchCursor(
            db,
            sql: """
                SELECT kept.source_id, kept.reason, kept.records, \(waiting) AS ever FROM
                    (SELECT protocol, coalesce(source_id, '') AS source_id, \(reason) AS reason, count(*) AS records
                     FROM dead_letter \(kept) GROUP BY 1, 2, 3) AS kept
                LEFT JOIN dead_letter_total t USING (protocol, source_id, reason) WHERE kept.records > ever
                """)
        while let row = try excess.next() {
            let (source, reason) = try (row.decode(String.self, atIndex: 0), row.decode(String.self, atIndex: 1))
            let (kept, ever) = try (row.decode(Int.self, atIndex: 2), row.decode(Int.self, atIndex: 3))
            finding.problems.append(
                "dead letters of source \"\(source)\", \(reason): expected at most \(ever), as counted when they were "
                    + "written, found \(kept)")
        }
    }

    private static func reason(for error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "SQLite: \(error.message ?? "code \(error.extendedResultCode.rawValue)")"
    }
}
