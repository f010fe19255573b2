import Synchronization

/// Why a query was stopped. The text is meant for the person who wrote the query.
package enum QueryLimitError: Error, Equatable, CustomStringConvertible {
    case tooManySamples(limit: Int)
    case tooManySeries(limit: Int)
    case timedOut(after: Duration)
    case cancelled

    package var description: String {
        switch self {
        case .tooManySamples(let limit):
            "the query needs more than \(limit) samples; narrow the selector, the range, or raise query.max_samples"
        case .tooManySeries(let limit):
            "the query touches more than \(limit) series; narrow the selector or raise query.max_series"
        case .timedOut(let limit):
            "the query took longer than \(limit); narrow it or raise query.timeout"
        case .cancelled: "the query was cancelled"
        }
    }
}

/// What one query may still use. Shared by all threads that work on the query; charge in blocks, not per sample.
package final class QueryBudget: Sendable {
    private let samples = Atomic<Int>(0)
    private let series = Atomic<Int>(0)
    private let cancelled = Atomic<Bool>(false)
    private let deadline: ContinuousClock.Instant
    private let timeout: Duration
    private let sampleLimit: Int
    private let seriesLimit: Int

    package init(samples: Int = 50_000_000, series: Int = 1_000_000, timeout: Duration = .seconds(120)) {
        self.sampleLimit = samples
        self.seriesLimit = series
        self.timeout = timeout
        self.deadline = .now + timeout
    }

    package var samplesCharged: Int { samples.load(ordering: .relaxed) }

    package func charge(samples count: Int) throws(QueryLimitError) {
        if samples.wrappingAdd(count, ordering: .relaxed).newValue > sampleLimit {
            throw .tooManySamples(limit: sampleLimit)
        }
        try check()
    }

    package func charge(series count: Int) throws(QueryLimitError) {
        if series.wrappingAdd(count, ordering: .relaxed).newValue > seriesLimit {
            throw .tooManySeries(limit: seriesLimit)
        }
        try check()
    }

    /// Throws when the time is over or the client has gone. Call between units of work of about a millisecond.
    package func check() throws(QueryLimitError) {
        if cancelled.load(ordering: .relaxed) { throw .cancelled }
        if ContinuousClock.now > deadline { throw .timedOut(after: timeout) }
    }

    package func cancel() { cancelled.store(true, ordering: .relaxed) }
}
