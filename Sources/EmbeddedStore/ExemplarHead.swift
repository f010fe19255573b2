import TelemetryModel
import TimeSeriesStore

/// Exemplars that are not in the database yet. The log keeps them until they are.
struct ExemplarHead {
    /// What one writing takes out of memory.
    struct Portion {
        let exemplars: [StoredSeriesID: [Exemplar]]
        /// Deletes that the database is behind on: they are carried out before it takes anything new.
        let deletes: [Tombstone]
        /// All exemplars that came with an offset of at most this are in here, or in the database.
        let through: Int64

        var isEmpty: Bool { exemplars.isEmpty && deletes.isEmpty }
    }

    private var waiting: [StoredSeriesID: [Exemplar]] = [:]
    /// On their way into the database; still read from here.
    private var writing: [StoredSeriesID: [Exemplar]] = [:]
    /// Of those waiting: digests under a key of the process, so many that two of them meet do not fit into memory.
    private var identities: Set<Int> = []
    private(set) var count = 0
    /// The oldest log offset of those waiting, and of those being written.
    private var firstWaiting: Int64?
    private var firstWriting: Int64?
    /// The newest offset that was appended.
    private(set) var through: Int64
    /// Deletes that the database has not been told of; ascending.
    private(set) var deletes: [Tombstone]

    /// - Parameter through: that of the database.
    init(through: Int64, deletes: [Tombstone]) {
        self.through = through
        self.deletes = deletes
    }

    /// From which on the log is needed.
    var firstOffset: Int64? { [firstWaiting, firstWriting].compactMap { $0 }.min() }
    var hasSomethingToWrite: Bool { !waiting.isEmpty || !deletes.isEmpty }

    // MARK: Appending

    /// - Returns: false if it is here already.
    mutating func insert(_ exemplar: Exemplar, of series: StoredSeriesID) -> Bool {
        guard identities.insert(Self.identity(exemplar, series)).inserted else { return false }
        waiting[series, default: []].append(exemplar)
        count += 1
        return true
    }

    /// Notes that all of a log offset is in here.
    mutating func finish(offset: Int64) {
        through = max(through, offset)
        if firstWaiting == nil, !waiting.isEmpty { firstWaiting = offset }
    }

    private static func identity(_ exemplar: Exemplar, _ series: StoredSeriesID) -> Int {
        var hasher = Hasher()
        hasher.combine(series)
        hasher.combine(exemplar)
        return hasher.finalize()
    }

    // MARK: Writing

    /// What is to be written; nil while another portion is.
    mutating func beginWriting() -> Portion? {
        guard firstWriting == nil else { return nil }
        writing = waiting
        firstWriting = firstWaiting
        (waiting, firstWaiting, identities) = ([:], nil, [])
        return Portion(exemplars: writing, deletes: deletes, through: through)
    }

    mutating func endWriting(_ portion: Portion, isWritten: Bool) {
        if isWritten {
            let done = Set(portion.deletes.map(\.id))
            deletes.removeAll { done.contains($0.id) }
            count -= writing.values.reduce(0) { $0 + $1.count }
        } else {
            waiting.merge(writing) { later, earlier in earlier + later }
            firstWaiting = firstOffset
            for (series, exemplars) in writing {
                for exemplar in exemplars { identities.insert(Self.identity(exemplar, series)) }
            }
        }
        (writing, firstWriting) = ([:], nil)
    }

    // MARK: Deleting

    /// Takes away what a delete covers; returns how many.
    mutating func delete(_ tombstone: Tombstone, labels: (StoredSeriesID) -> LabelSet) -> Int {
        deletes.append(tombstone)
        let before = count
        func clear(_ exemplars: inout [StoredSeriesID: [Exemplar]]) {
            for series in exemplars.keys where tombstone.matchers.allSatisfy({ $0.accepts(labels(series)) }) {
                let kept = (exemplars[series] ?? []).filter { !tombstone.range.contains($0.timestamp) }
                count -= (exemplars[series]?.count ?? 0) - kept.count
                exemplars[series] = kept.isEmpty ? nil : kept
            }
        }
        clear(&waiting)
        // What is being written comes into the database, and is taken out of it again.
        clear(&writing)
        identities = Set(waiting.flatMap { series, exemplars in exemplars.map { Self.identity($0, series) } })
        return before - count
    }

    // MARK: Reading

    /// All that is here, by series.
    var all: [StoredSeriesID: [Exemplar]] { waiting.merging(writing) { later, earlier in earlier + later } }
}
