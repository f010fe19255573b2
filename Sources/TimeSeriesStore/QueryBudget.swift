import Synchronization

/// Why a query was stopped. The text is meant for the person who wrote the query.
package enum QueryLimitError: Error, Equatable, CustomStringConvertible {
    /// `reached` is what it came to before it was stopped: the query as a whole may need more.
    case tooManySamples(limit: Int, reached: Int)
    case tooManySeries(limit: Int, reached: Int)
    /// In bytes.
    case tooMuchMemory(limit: Int, reached: Int)
    case timedOut(after: Duration)
    case cancelled

    package var description: String {
        switch self {
        case .tooManySamples(let limit, let reached):
            "the query needs more than \(limit) samples; narrow the selector, the range, or raise query.max_samples "
                + "(it came to \(reached) before it was stopped)"
        case .tooManySeries(let limit, let reached):
            "the query touches more than \(limit) series; narrow the selector or raise query.max_series "
                + "(it came to \(reached) before it was stopped)"
        case .tooMuchMemory(let limit, let reached):
            "the query needs more than \(limit) bytes of memory; narrow the selector, the range, or raise query.max_memory "
                + "(it came to \(reached) before it was stopped)"
        case .timedOut(let limit):
            "the query took longer than \(limit); narrow it or raise query.timeout, or the request's own timeout"
        case .cancelled: "the query was cancelled"
        }
    }
}

/// What one query may still use. Shared by all threads that work on the query; charge in blocks, not per sample.
package final class QueryBudget: Sendable {
    private let samples = Atomic<Int>(0)
    private let series = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)
    private let held = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)
    private let cancelled: Cancellation
    private let deadline: ContinuousClock.Instant
    private let timeout: Duration
    private let sampleLimit: Int
    private let seriesLimit: Int
    private let memoryLimit: Int

    /// What is taken for a time and a value, and for a series with its labels: bytes.
    package static let bytesPerSample = 16
    package static let bytesPerSeries = 256

    /// - Parameter memory: bytes that the query may take in all, as far as they are counted: those of samples and series,
    ///   what is charged as bytes, and what is held.
    package init(
        samples: Int = 50_000_000, series: Int = 1_000_000, memory: Int = .max, timeout: Duration = .seconds(120)
    ) {
        self.sampleLimit = samples
        self.seriesLimit = series
        self.memoryLimit = memory
        self.timeout = timeout
        self.deadline = .now + timeout
        cancelled = Cancellation()
    }

    private init(renewing other: QueryBudget, samples: Int, series: Int, memory: Int, timeout: Duration?) {
        sampleLimit = min(samples, other.sampleLimit)
        seriesLimit = min(series, other.seriesLimit)
        memoryLimit = min(memory, other.memoryLimit)
        self.timeout = timeout ?? other.timeout
        deadline = min(timeout.map { .now + $0 } ?? other.deadline, other.deadline)
        cancelled = other.cancelled
    }

    /// One with the same limits, or lower ones, of which nothing is used yet. It ends at the same time, or earlier, and when this
    /// one is cancelled.
    package func renewed(
        samples: Int = .max, series: Int = .max, memory: Int = .max, timeout: Duration? = nil
    ) -> QueryBudget {
        QueryBudget(renewing: self, samples: samples, series: series, memory: memory, timeout: timeout)
    }

    private final class Cancellation: Sendable {
        let isCancelled = Atomic<Bool>(false)
    }

    package var samplesCharged: Int { samples.load(ordering: .relaxed) }

    /// The most bytes that were counted at any time.
    package var peakBytes: Int { peak.load(ordering: .relaxed) }

    package func charge(samples count: Int) throws(QueryLimitError) {
        let reached = QueryBudget.add(count, to: samples)
        if reached > sampleLimit { throw .tooManySamples(limit: sampleLimit, reached: reached) }
        try charge(bytes: QueryBudget.product(count, QueryBudget.bytesPerSample))
    }

    package func charge(series count: Int) throws(QueryLimitError) {
        let reached = QueryBudget.add(count, to: series)
        if reached > seriesLimit { throw .tooManySeries(limit: seriesLimit, reached: reached) }
        try charge(bytes: QueryBudget.product(count, QueryBudget.bytesPerSeries))
    }

    /// Memory beside that of samples and series that stays until the query is done, as of the buckets of histograms that a store
    /// reads. What the engine makes of them is held.
    package func charge(bytes count: Int) throws(QueryLimitError) {
        try checkMemory(QueryBudget.sum(QueryBudget.add(count, to: bytes), bytesHeld))
        try check()
    }

    // MARK: Memory that is given back

    /// What the intermediate results take that there are now.
    package var bytesHeld: Int { held.load(ordering: .relaxed) }

    /// Counts `count` values of 8 bytes each in `columns` columns that are about to be made, until the next `settle`.
    package func hold(columns: Int = 1, of count: Int) throws(QueryLimitError) {
        try hold(bytes: QueryBudget.product(columns, QueryBudget.product(count, 8)))
    }

    package func hold(bytes count: Int) throws(QueryLimitError) {
        try checkMemory(QueryBudget.sum(QueryBudget.add(count, to: held), bytes.load(ordering: .relaxed)))
    }

    /// So many bytes that were held are given back, as those of scratch memory, before the next `settle`.
    package func release(bytes count: Int) {
        _ = QueryBudget.add(-count, to: held)
    }

    /// Of what is held, so many bytes are left: a part of the query is done, and only its result stays. Called by the one
    /// thread that evaluates the query, while no other holds anything.
    package func settle(bytes count: Int) throws(QueryLimitError) {
        held.store(count, ordering: .relaxed)
        try checkMemory(QueryBudget.sum(count, bytes.load(ordering: .relaxed)))
    }

    private func checkMemory(_ reached: Int) throws(QueryLimitError) {
        if reached > peak.load(ordering: .relaxed) { _ = peak.max(reached, ordering: .relaxed) }
        if reached > memoryLimit { throw .tooMuchMemory(limit: memoryLimit, reached: reached) }
    }

    // Counts come from queries: they end at the largest number instead of going round.

    private static func add(_ count: Int, to counter: borrowing Atomic<Int>) -> Int {
        let (before, after) = counter.wrappingAdd(count, ordering: .relaxed)
        guard after < before, count > 0 else { return after }
        counter.store(.max / 2, ordering: .relaxed)
        return .max
    }

    package static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflows) = a.addingReportingOverflow(b)
        return overflows ? .max : sum
    }

    package static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflows) = a.multipliedReportingOverflow(by: b)
        return overflows ? .max : product
    }

    // MARK: Time

    /// Throws when the time is over or the client has gone. Call between units of work of about a millisecond.
    package func check() throws(QueryLimitError) {
        if cancelled.isCancelled.load(ordering: .relaxed) { throw .cancelled }
        if ContinuousClock.now > deadline { throw .timedOut(after: timeout) }
    }

    package func cancel() { cancelled.isCancelled.store(true, ordering: .relaxed) }
}

/// Checks a budget once per so much work, in loops whose turns are too short to ask the clock in each, or for a call.
package struct BudgetMeter {
    /// Units of work that looking at a label set or making an array comes to.
    package static let element = 64

    private let budget: QueryBudget
    @usableFromInline var work = 0

    package init(_ budget: QueryBudget) { self.budget = budget }

    @inlinable
    package mutating func add(_ units: Int) throws(QueryLimitError) {
        work &+= units
        // About a tenth of a millisecond if a unit is a value that is looked at.
        if work >= 1 << 16 { try check() }
    }

    @usableFromInline
    mutating func check() throws(QueryLimitError) {
        work = 0
        try budget.check()
    }
}
