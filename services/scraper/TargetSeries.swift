import TelemetryModel

/// Which series a target has, so that those that vanish are ended with a stale marker. A value: the next state is made beside
/// the present one, and takes its place when what follows from it is on disk.
struct TargetSeries: Sendable {
    /// What a scrape changes.
    struct Change {
        /// To be ended, in order.
        var ended: [SeriesReference] = []
        /// Series that the target did not have in its last successful scrape.
        var addedCount = 0
    }

    /// Of the last successful scrape, in the order of the text.
    private var order: [SeriesReference] = []
    /// Those in `order`.
    private var known: Set<SeriesReference> = []
    /// Those that end when the target no longer has them.
    private(set) var live: Set<SeriesReference> = []

    /// Notes a scrape.
    ///
    /// - Parameter timed: indices, ascending, of series that do not end when they vanish: the target gives them times of its
    ///   own.
    mutating func succeed(_ references: [SeriesReference], timed: [Int]) -> Change {
        // The usual case: nothing has changed.
        if timed.isEmpty, live.count == known.count, references == order { return Change() }
        let all = Set(references)
        var tracked = all
        for index in timed where references.indices.contains(index) { tracked.remove(references[index]) }
        let change = Change(
            ended: live.subtracting(all).sorted(), addedCount: all.count - all.intersection(known).count)
        (order, known, live) = (references, all, tracked)
        return change
    }

    /// Notes that nothing came: all series end. They are not new when they come again.
    mutating func fail() -> [SeriesReference] {
        defer { live = [] }
        return live.sorted()
    }
}
