import GRDB
import Synchronization
import TelemetryModel
import TimeSeriesStore

/// The exemplars on disk, in `exemplars.sqlite`; docs/formats/exemplars.md describes the tables.
///
/// WAL with `synchronous=FULL`: what `write` wrote survives a power loss. Calls block their thread. Thread-safe; reads go beside
/// one writer. A damaged file is set aside and begun anew: the log still has what came last, and the samples have no need of it.
final class ExemplarDatabase: Sendable {
    static let fileName = "exemplars.sqlite"

    struct Totals: Equatable {
        var exemplars = 0
        var series = 0
    }

    /// What one transaction changed.
    struct Change {
        var duplicates = 0
        var deleted = 0
        var evicted = 0
    }

    private struct Connections {
        let writer: DatabaseQueue
        let reader: DatabaseQueue
    }

    private let path: String
    private let limits: ExemplarLimits
    private let connections: Mutex<Connections>
    private let cached = Mutex(Totals())
    private let found = Mutex<[String]>([])

    /// Opens or makes the file in a folder that is there.
    init(folder: String, limits: ExemplarLimits) throws {
        path = "\(folder)/\(ExemplarDatabase.fileName)"
        self.limits = limits
        var damages: [String] = []
        var opened: Connections
        var totals = Totals()
        do {
            opened = try ExemplarDatabase.open(path)
            totals = try opened.reader.read(ExemplarDatabase.countAll)
        } catch  where DatabaseDamage.isDamage(error, of: path) {
            damages.append(DatabaseDamage.sentence(ExemplarDatabase.fileName, error))
            try DatabaseDamage.setAside(path)
            opened = try ExemplarDatabase.open(path)
        }
        connections = Mutex(opened)
        cached.withLock { $0 = totals }
        found.withLock { $0 = damages }
    }

    /// The last connection that closes folds the WAL in and removes it, which one that only reads cannot.
    deinit { try? close() }

    /// Sentences about files that were set aside, since the last call.
    func takeDamages() -> [String] {
        found.withLock { found in
            defer { found = [] }
            return found
        }
    }

    var totals: Totals { cached.withLock { $0 } }

    /// The log offset through which all exemplars are in here, and the number of the newest delete that was carried out.
    func position() throws -> (through: Int64, deletedThrough: Int64) {
        try healing { connections in
            try connections.reader.read { db in
                let tables = ExemplarTables(db: db)
                return (try tables.position("through"), try tables.position("deleted_through"))
            }
        }
    }

    /// Carries out deletes, then adds exemplars that are not here, in one transaction.
    ///
    /// - Parameter through: the offset that `position` is to give then.
    func write(
        _ exemplars: [(labels: LabelSet, exemplars: [Exemplar])], deletes: [Tombstone], through: Int64
    ) throws -> Change {
        try transaction { tables in
            var change = Change()
            var news = 0
            for tombstone in deletes { change.deleted += try tables.delete(tombstone) }
            for (labels, exemplars) in exemplars {
                let series = try tables.series(labels)
                let known = try tables.count(ofSeries: series)
                let added = try tables.insert(exemplars, of: series)
                news += added
                change.duplicates += exemplars.count - added
                if known + added > limits.mostPerSeries {
                    change.evicted += try tables.evict(known + added - limits.mostPerSeries, ofSeries: series)
                }
            }
            // Where the limit was lowered, there may be millions too many: they go little by little.
            let excess = min(try tables.total() - limits.most, news + ExemplarDatabase.stepRows)
            if excess > 0 { change.evicted += try tables.evict(excess) }
            try tables.setPosition("through", through)
            if let last = deletes.last { try tables.setPosition("deleted_through", last.id) }
            return change
        }
    }

    /// Removes what is older than the time, and series of which nothing is left. In steps, between which others may write.
    ///
    /// - Returns: how many exemplars went.
    func expire(before time: Int64, isCancelled: () -> Bool) throws -> Int {
        var expired = 0
        while !isCancelled() {
            let step = try transaction { try $0.removeOldest(before: time, limit: ExemplarDatabase.stepRows) }
            expired += step
            if step < ExemplarDatabase.stepRows { break }
        }
        try transaction { try $0.removeEmptySeries() }
        // What is free at the end of the file goes back to the file system.
        try healing { connections in
            try connections.writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA incremental_vacuum(4096)") }
        }
        return expired
    }

    private static let stepRows = 20_000

    /// The exemplars in the range of the series that satisfy one of the matcher lists.
    ///
    /// - Parameter deletes: cover what is not to be seen any more, though it is here.
    func read(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, without deletes: [Tombstone], budget: QueryBudget
    ) throws -> [LabelSet: [Exemplar]] {
        try healing { connections in
            try connections.reader.read { db in
                try ExemplarDatabase.read(ExemplarTables(db: db), matcherLists, in: range, without: deletes, budget)
            }
        }
    }

    private static func read(
        _ tables: ExemplarTables, _ matcherLists: [[LabelMatcher]], in range: TimeRange, without deletes: [Tombstone],
        _ budget: QueryBudget
    ) throws -> [LabelSet: [Exemplar]] {
        var found: [LabelSet: [Exemplar]] = [:]
        var seen: Set<Int64> = []
        for matchers in matcherLists {
            try tables.forEachSeries(matching: matchers, budget: budget) { series, labels in
                guard seen.insert(series).inserted else { return }
                let hidden = deletes.filter { $0.matchers.allSatisfy { $0.accepts(labels) } }.map(\.range)
                let exemplars = try tables.exemplars(of: series, in: range, budget: budget).filter { exemplar in
                    !hidden.contains { $0.contains(exemplar.timestamp) }
                }
                guard !exemplars.isEmpty else { return }
                try budget.charge(series: 1)
                found[labels] = exemplars
            }
        }
        return found
    }

    /// Closes the file; later calls throw.
    func close() throws {
        let open = connections.withLock { $0 }
        try open.reader.close()
        try open.writer.close()
    }

    // MARK: Connections

    private func transaction<Result>(_ body: (ExemplarTables) throws -> Result) throws -> Result {
        let (result, totals) = try healing { connections in
            try connections.writer.write { db in
                let result = try body(ExemplarTables(db: db))
                return (result, try ExemplarDatabase.countAll(db))
            }
        }
        cached.withLock { $0 = totals }
        return result
    }

    /// Begins the file anew if it turns out damaged: otherwise no exemplar would get here again, and the log would be kept for
    /// them.
    private func healing<Result>(_ body: (Connections) throws -> Result) throws -> Result {
        let used = connections.withLock { $0 }
        do {
            return try body(used)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            try beginAnew(after: used, error)
            return try body(connections.withLock { $0 })
        }
    }

    private func beginAnew(after used: Connections, _ error: DatabaseError) throws {
        let isDone = try connections.withLock { connections in
            // Another thread may have been here first.
            guard connections.writer === used.writer else { return false }
            try? connections.reader.close()
            try? connections.writer.close()
            try DatabaseDamage.setAside(path)
            connections = try ExemplarDatabase.open(path)
            return true
        }
        guard isDone else { return }
        cached.withLock { $0 = Totals() }
        found.withLock { $0.append(DatabaseDamage.sentence(ExemplarDatabase.fileName, error)) }
    }

    private static func countAll(_ db: Database) throws -> Totals {
        let row = try Row.fetchOne(db, sql: "SELECT coalesce(sum(exemplars), 0), count(*) FROM series")
        return Totals(exemplars: row?[0] ?? 0, series: row?[1] ?? 0)
    }

    private static func open(_ path: String) throws -> Connections {
        var configuration = Configuration()
        configuration.label = "heliograph.exemplars"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // Only a file without a table: on any other SQLite writes a page for it, which a full disk has no room for.
            if try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 {
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        let writer = try DatabaseQueue(path: path, configuration: configuration)
        do {
            try ExemplarTables.migrator.migrate(writer)
            return Connections(
                writer: writer, reader: try DatabaseQueue(path: path, configuration: DatabaseCopy.reading))
        } catch {
            // Before the file is moved: SQLite finds a WAL by its name.
            try? writer.close()
            throw error
        }
    }
}
