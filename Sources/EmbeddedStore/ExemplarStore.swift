import Synchronization
import TelemetryModel
import TimeSeriesStore

/// Exemplars in memory and on disk, read as one. Thread-safe; appends come from one thread.
///
/// What is in memory is not durable here: the log keeps it until `write` has it in the database, which also says through which
/// offset it has everything, so that a replay brings nothing twice.
final class ExemplarStore: Sendable {
    let limits: ExemplarLimits
    private let database: ExemplarDatabase
    private let head: Mutex<ExemplarHead>
    private let counts = Mutex(ExemplarCounts())
    /// Held by whoever writes.
    private let turn = Mutex(())

    /// - Parameter tombstones: all deletes there ever were, ascending. The database may be behind on the newest ones: a kill came
    ///   first, or it was restored from a backup.
    init(folder: String, limits: ExemplarLimits, tombstones: [Tombstone]) throws {
        self.limits = limits
        database = try ExemplarDatabase(folder: folder, limits: limits)
        let position = try database.position()
        head = Mutex(
            ExemplarHead(
                through: position.through, deletes: tombstones.filter { $0.id > position.deletedThrough }))
    }

    // MARK: Appending

    /// Takes exemplars that came with one log offset. Those of offsets that the database has are passed over.
    ///
    /// - Parameter isDeleted: whether a delete that came after the offset covers an exemplar.
    func append(
        _ exemplars: [(series: StoredSeriesID, exemplar: Exemplar)], offset: Int64,
        isDeleted: (StoredSeriesID, Exemplar) -> Bool
    ) {
        var change = ExemplarCounts()
        head.withLock { head in
            guard offset > head.through else { return }
            for (series, exemplar) in exemplars {
                if isDeleted(series, exemplar) {
                    change.deleted += 1
                } else if limits.most == 0 || head.count >= limits.mostInMemory {
                    change.droppedForRoom += 1
                } else if head.insert(exemplar, of: series) {
                    change.taken += 1
                } else {
                    change.duplicates += 1
                }
            }
            head.finish(offset: offset)
        }
        count(change)
    }

    func count(_ change: ExemplarCounts) { counts.withLock { $0.add(change) } }

    // MARK: What the log keeps

    /// From which on the log is needed; nil if it is not.
    var firstOffset: Int64? { head.withLock { $0.firstOffset } }
    /// The newest offset that is here or was.
    var through: Int64 { head.withLock { $0.through } }
    var hasSomethingToWrite: Bool { head.withLock { $0.hasSomethingToWrite } }
    /// So many that they are not to wait for the next flush.
    var isFull: Bool { head.withLock { $0.count >= limits.writtenAt } }

    // MARK: Maintenance

    /// Writes what is in memory into the database.
    ///
    /// - Throws: what SQLite says; everything stays in memory, readable, and the next call tries again.
    func write(labels: (StoredSeriesID) -> LabelSet) throws {
        try turn.withLock { _ in
            guard let portion = head.withLock({ $0.beginWriting() }) else { return }
            do {
                guard !portion.isEmpty else { return head.withLock { $0.endWriting(portion, isWritten: true) } }
                let written = try database.write(
                    portion.exemplars.map { (labels($0.key), $0.value) }, deletes: portion.deletes,
                    through: portion.through)
                head.withLock { $0.endWriting(portion, isWritten: true) }
                var change = ExemplarCounts()
                (change.duplicates, change.deleted, change.evicted) = (
                    written.duplicates, written.deleted, written.evicted
                )
                count(change)
            } catch {
                head.withLock { $0.endWriting(portion, isWritten: false) }
                throw error
            }
        }
    }

    /// Lets go of what is older than it is to be kept.
    func expire(now: Int64, isCancelled: () -> Bool) throws {
        guard let retention = limits.retention else { return }
        let (horizon, overflow) = now.subtractingReportingOverflow(retention)
        guard !overflow else { return }
        var change = ExemplarCounts()
        change.expired = try database.expire(before: horizon, isCancelled: isCancelled)
        count(change)
    }

    /// Takes away what a delete covers, for every reading that begins afterwards. From the file it goes with the next `write`.
    func delete(_ tombstone: Tombstone, labels: (StoredSeriesID) -> LabelSet) {
        var change = ExemplarCounts()
        change.deleted = head.withLock { $0.delete(tombstone, labels: labels) }
        count(change)
    }

    func takeDamages() -> [String] { database.takeDamages() }
    func close() throws { try database.close() }

    // MARK: Reading

    /// Ordered by series, then by time.
    func read(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget, labels: (StoredSeriesID) -> LabelSet
    ) throws -> [SeriesExemplars] {
        // Memory first: what is written meanwhile is then in both, and is one all the same.
        let (recent, deletes) = head.withLock { ($0.all, $0.deletes) }
        var found = try database.read(matcherLists, in: range, without: deletes, budget: budget)
        for (series, exemplars) in recent {
            try budget.check()
            let inRange = exemplars.filter { range.contains($0.timestamp) }
            guard !inRange.isEmpty else { continue }
            let labels = labels(series)
            guard matcherLists.contains(where: { $0.allSatisfy { $0.accepts(labels) } }) else { continue }
            try budget.charge(samples: inRange.count)
            try budget.charge(series: 1)
            var known = Set(found[labels] ?? [])
            found[labels, default: []] += inRange.filter { known.insert($0).inserted }
        }
        return found.sorted { $0.key < $1.key }.map { labels, exemplars in
            SeriesExemplars(labels: labels, exemplars: exemplars.sorted { $0.timestamp < $1.timestamp })
        }
    }

    var statistics: ExemplarCounts {
        var counts = counts.withLock { $0 }
        let totals = database.totals
        (counts.inMemory, counts.inDatabase, counts.series) = (
            head.withLock { $0.count }, totals.exemplars, totals.series
        )
        return counts
    }
}

extension ExemplarCounts {
    /// What happened, not what there is.
    fileprivate mutating func add(_ other: ExemplarCounts) {
        taken += other.taken
        duplicates += other.duplicates
        droppedByPipeline += other.droppedByPipeline
        droppedForRoom += other.droppedForRoom
        deleted += other.deleted
        expired += other.expired
        evicted += other.evicted
    }
}
