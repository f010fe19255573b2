/// How many exemplars are kept, and for how long.
package struct ExemplarLimits: Sendable {
    /// In the database, in all; 0: none is kept. Beyond it the oldest go.
    package var most = 2_000_000
    /// The same of one series.
    package var mostPerSeries = 10_000
    /// Milliseconds by their own time; nil: for as long as there is room.
    package var retention: Int64? = 15 * 86_400_000
    /// In memory, after which they are written without waiting for the next flush.
    package var writtenAt = 50_000
    /// In memory while they cannot be written; those that come then are lost, and counted.
    package var mostInMemory = 500_000

    package init() {}
}

/// What became of exemplars since the process began, and how many there are.
package struct ExemplarCounts: Sendable, Equatable {
    /// Taken into memory or, for those that a restart read back, again.
    package var taken = 0
    /// The same series, time, value and labels were here.
    package var duplicates = 0
    /// Their series is dropped by the pipeline, or kept as an aggregate only.
    package var droppedByPipeline = 0
    /// There was no room in memory, as the database could not be written, or none are to be kept.
    package var droppedForRoom = 0
    /// By a delete, memory and database together.
    package var deleted = 0
    /// Past their retention.
    package var expired = 0
    /// For newer ones, in all or of their series.
    package var evicted = 0
    /// Now.
    package var inMemory = 0
    package var inDatabase = 0
    package var series = 0

    package init() {}
}
