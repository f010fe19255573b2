package import EmbeddedStore
package import HTTPSupport
package import IngestLog
package import Processor

/// What the administration routes need of the rest.
package struct AdminEnvironment: Sendable {
    package let log: IngestLog
    package let store: EmbeddedStore
    package let processor: Processor
    /// The threads for what blocks.
    package let work: BlockingWork
    /// Returns when everything acknowledged before the call can be queried; throws an `APIError` when that is too far off.
    package let barrier: @Sendable () async throws -> Void
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let now: @Sendable () -> Int64

    /// Reads the pipeline's files again and puts them into force.
    package let reloadPipeline: @Sendable () async throws -> Void

    package init(
        log: IngestLog, store: EmbeddedStore, processor: Processor, work: BlockingWork,
        barrier: @escaping @Sendable () async throws -> Void, now: @escaping @Sendable () -> Int64,
        reloadPipeline: @escaping @Sendable () async throws -> Void
    ) {
        self.reloadPipeline = reloadPipeline
        self.log = log
        self.store = store
        self.processor = processor
        self.work = work
        self.barrier = barrier
        self.now = now
    }

    /// Of a form in a request's body.
    static let bodyBytes = 1 << 20
}
