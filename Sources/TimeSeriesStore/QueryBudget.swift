import Synchronization

/// Why a query was stopped. The text is meant for the person who wrote the query.
package enum QueryLimitError: Error, Equatable, CustomStringConvertible {
    case tooManySamples(limit: Int)
    case tooManySeries(limit: Int)
    /// In bytes.
    case tooMuchMemory(limit: Int)
    case timedOut(after: Duration)
    case cancelled

    package var description: String {
        switch self {
        case .tooManySamples(let limit):
            "the query needs more than \(limit) samples; narrow the selector, the range, or raise query.max_samples"
        case .tooManySeries(let limit):
            "the query touches more than \(limit) series; narrow the selector or raise query.max_series"
        case .tooMuchMemory(let limit):
            "the query needs more than \(limit) bytes of memory; narrow the selector, the range, or raise query.max_memory"
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
    private let bytes = Atomic<Int>(0)
    private let cancelled = Atomic<Bool>(false)
    private let deadline: ContinuousClock.Instant
    private let timeout: Duration
    private let sampleLimit: Int
    private let seriesLimit: Int
    private let memoryLimit: Int

    /// What is taken for a time and a value, and for a series with its labels: bytes.
    package static let bytesPerSample = 16
    package static let bytesPerSeries = 256

    /// - Parameter memory: bytes that the query may take in all, as far as they are counted: those of samples and series,
    ///   and what is charged as bytes.
    package init(
        samples: Int = 50_000_000, series: Int = 1_000_000, memory: Int = .max, timeout: Duration = .seconds(120)
    ) {
        self.sampleLimit = samples
        self.seriesLimit = series
        self.memoryLimit = memory
        self.timeout = timeout
        self.deadline = .now + timeout
    }

    package var samplesCharged: Int { samples.load(ordering: .relaxed) }

    package func charge(samples count: Int) throws(QueryLimitError) {
        if samples.wrappingAdd(count, ordering: .relaxed).newValue > sampleLimit {
            throw .tooManySamples(limit: sampleLimit)
        }
        try charge(bytes: count &* QueryBudget.bytesPerSample)
    }

    package func charge(series count: Int) throws(QueryLimitError) {
        if series.wrappingAdd(count, ordering: .relaxed).newValue > seriesLimit {
            throw .tooManySeries(limit: seriesLimit)
        }
        try charge(bytes: count &* QueryBudget.bytesPerSeries)
    }

    /// Memory beside that of samples and series, as of histograms' buckets.
    package func charge(bytes count: Int) throws(QueryLimitError) {
        if bytes.wrappingAdd(count, ordering: .relaxed).newValue > memoryLimit {
            throw .tooMuchMemory(limit: memoryLimit)
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
