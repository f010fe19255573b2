import GRDB
import Synchronization
import TelemetryModel

/// What people do with dead letters. All calls block on SQLite. Replaying is a submission with a `settlement`.
extension IngestLog {
    package func deadLetters(_ selection: DeadLetterSelection) throws -> [DeadLetter] {
        try reader.read { db in try DeadLetterTable(db: db).letters(selection) }
    }

    package func deadLetter(_ id: Int64) throws -> DeadLetter? {
        try reader.read { db in try DeadLetterTable(db: db).letter(id) }
    }

    /// How many letters a selection names, by reason, whatever its `limit`, and the greatest id among them. O(letters).
    package func countDeadLetters(_ selection: DeadLetterSelection) throws -> (byReason: [String: Int], lastID: Int64) {
        try reader.read { db in try DeadLetterTable(db: db).count(selection) }
    }

    /// Gives a waiting letter another payload; the first one is kept beside it.
    ///
    /// - Parameter now: milliseconds since 1970-01-01T00:00:00Z.
    /// - Returns: the letter after that; nil if no such letter waits.
    /// - Throws: `LogAppendError`; nothing was changed then.
    package func editDeadLetter(_ id: Int64, payload: [UInt8], at now: Int64) throws -> DeadLetter? {
        try changeDeadLetters { table in try table.edit(id, payload, at: now) ? try table.letter(id) : nil }
    }

    /// Deletes a waiting letter and counts it as discarded; false if no such letter waits.
    package func discardDeadLetter(_ id: Int64) throws -> Bool {
        try changeDeadLetters { table in
            try table.delete(where: "id = ? AND state = 0", [id], counting: \.discarded) > 0
        }
    }

    /// Deletes the letters that a selection names, in slices of one transaction each, and counts those that waited as discarded.
    ///
    /// - Returns: how many went.
    package func discardDeadLetters(_ selection: DeadLetterSelection) throws -> Int {
        let (conditions, arguments) = DeadLetterTable.conditions(selection)
        return try deleteSlices { try $0.delete(where: conditions, arguments, counting: \.discarded) }
    }

    /// Deletes the letters that came before a moment, in slices, and counts those that waited as expired.
    ///
    /// - Returns: how many went.
    @discardableResult
    package func expireDeadLetters(receivedBefore moment: Int64) throws -> Int {
        try deleteSlices { try $0.delete(where: "received_at_ms < ?", [moment], counting: \.expired) }
    }

    /// Makes room: replayed letters go first, then those that wait, oldest first.
    func expireDeadLettersForSpace() throws {
        for condition in ["state <> 0", "state = 0"] {
            while true {
                let kept = progress.withLock { $0.deadLetterBytes }
                // A tenth more than is needed, so that it is not needed again at once.
                let excess = kept - limits.maximumDeadLetterBytes + limits.maximumDeadLetterBytes / 10
                guard excess > 0 else { return }
                let deleted = try changeDeadLetters {
                    try $0.delete(where: condition, [], bytes: excess, counting: \.expired)
                }
                if deleted == 0 { break }
            }
        }
    }

    private func deleteSlices(_ delete: (inout DeadLetterTable) throws -> Int) throws -> Int {
        var deleted = 0
        while true {
            let rows = try changeDeadLetters(delete)
            guard rows > 0 else { return deleted }
            deleted += rows
        }
    }

    /// One transaction, and what it counted made known after it.
    private func changeDeadLetters<Result>(_ body: (inout DeadLetterTable) throws -> Result) throws -> Result {
        do {
            let (result, change) = try writer.write { db in
                var table = DeadLetterTable(db: db)
                let result = try body(&table)
                try table.writeCounts()
                return (result, table.change)
            }
            progress.withLock { $0.count(change) }
            return result
        } catch let error as DatabaseError {
            if error.resultCode == .SQLITE_IOERR { writeOverRefusedFrames() }
            throw LogAppendError(error)
        }
    }

    /// A commit whose sync failed has left whole frames in the WAL, the mark of its end included: after a kill SQLite would
    /// take them for committed (https://sqlite.org/walformat.html#recovery), although the client was told otherwise. The next
    /// commit writes over them, so one is made before the answer. If it fails too, the request stays in doubt until one succeeds.
    func writeOverRefusedFrames() {
        try? writer.write { db in
            try db.execute(
                sql: "INSERT INTO position VALUES ('refusal', 1) ON CONFLICT DO UPDATE SET value = value + 1")
        }
    }
}

extension LogAppendError {
    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = .writeFailed("\(error)")
            return
        }
        // SQLITE_FULL is a full disk (https://sqlite.org/rescode.html#full); a write that the disk cut short is reported as
        // an I/O error instead when it happens in the WAL.
        self =
            error.resultCode == .SQLITE_FULL
            ? .storageFull : .writeFailed(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
    }
}
