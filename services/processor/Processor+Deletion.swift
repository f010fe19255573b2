package import EmbeddedStore
import Foundation
package import TimeSeriesStore

extension Processor {
    /// Deletes what has arrived by now of the series that satisfy every matcher, within the range. Blocks; not to be called on
    /// Swift's cooperative pool.
    ///
    /// - Throws: `DeletionError`, or what the disk says; see `EmbeddedStore.delete`.
    package func delete(_ matchers: [LabelMatcher], in range: TimeRange) throws -> DeletionReceipt {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for _ in 0..<Processor.deletionAttempts {
            do {
                // Of exemplars that are in their file already.
                defer { flusher.wakeForExemplars() }
                return try store.delete(matchers, in: range, now: now) { body in
                    let isDone: Bool? = try tasks.run(wake: { work.signal() }) { applied in
                        try body(applied)
                        return true
                    }
                    if isDone == nil { throw DeletionError.stopped }
                }
            } catch DeletionError.flushPending {
                // What is on its way into a block gets there first.
                flusher.flushNow(now: now)
            }
        }
        throw DeletionError.flushPending
    }

    private static let deletionAttempts = 3
}
