import Synchronization
package import TelemetryModel
package import TimeSeriesStore

extension EmbeddedStore {
    /// Takes exemplars that came with one log offset, of series that have a number here. As for samples, what was deleted since
    /// does not come back with a replay. O(exemplars).
    package func append(
        exemplars: [(series: StoredSeriesID, exemplar: Exemplar)], offset: Int64, isReplay: Bool
    ) {
        let later = isReplay ? state.withLock { $0.tombstones.filter { $0.offset >= offset } } : []
        self.exemplars.append(exemplars, offset: offset) { series, exemplar in
            later.contains { $0.covers(labels(of: series), exemplar.timestamp) }
        }
    }

    /// Counts exemplars that the pipeline did not let through.
    package func countExemplars(droppedByPipeline dropped: Int) {
        var change = ExemplarCounts()
        change.droppedByPipeline = dropped
        exemplars.count(change)
    }

    /// Writes the exemplars that are in memory into their database.
    ///
    /// - Throws: what SQLite says; nothing is lost, and the next call tries again.
    package func writeExemplars() throws { try exemplars.write(labels: labels(of:)) }

    /// Lets go of exemplars that are older than they are to be kept.
    ///
    /// - Throws: what SQLite says, as on a full disk: whoever makes room there must not wait for this.
    package func expireExemplars(now: Int64, isCancelled: () -> Bool = { false }) throws {
        try exemplars.expire(now: now, isCancelled: isCancelled)
    }

    package var hasExemplarsToWrite: Bool { exemplars.hasSomethingToWrite }
    /// Whether so many exemplars are in memory that they are to be written at once.
    package var hasManyExemplars: Bool { exemplars.isFull }
    package var exemplarCounts: ExemplarCounts { exemplars.statistics }
    /// Sentences about exemplars that are lost to damage, since the last call.
    package func takeExemplarDamages() -> [String] { exemplars.takeDamages() }

    package func exemplars(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [SeriesExemplars] {
        try exemplars.read(matcherLists, in: range, budget: budget, labels: labels(of:))
    }

    func labels(of series: StoredSeriesID) -> LabelSet {
        head.index.withLock { $0.labels(of: UInt32(series.rawValue)) }
    }
}
