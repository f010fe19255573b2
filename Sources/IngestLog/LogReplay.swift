import Dispatch
import Foundation
import Synchronization

/// Reads the log ahead of whoever applies it: a thread of its own reads and decodes, into a queue that is bounded.
///
/// One thread calls `next`. It must be over, or cancelled, before the log is closed. Holds at most `chunks` × `chunkRecords`
/// records, besides a batch that is larger.
package final class LogReplay: Sendable {
    private static let chunks = 8
    private static let chunkRecords = 50_000

    private struct State {
        var ready: [[LogEntry]] = []
        var failure: (any Error)?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let space = DispatchSemaphore(value: 0)
    private let available = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    /// The offset through which it reads.
    package let through: Int64

    init(_ reader: BatchReader) {
        through = reader.through
        for _ in 0..<LogReplay.chunks { space.signal() }
        let thread = Thread { [self] in read(reader) }
        thread.name = "heliograph.log.replay"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// The next entries, in order; nil at the end, and from then on. Blocks until there are some.
    ///
    /// - Throws: why reading stopped. What was handed out before is good.
    package func next() throws -> [LogEntry]? {
        available.wait()
        let (entries, failure) = state.withLock { state in
            (state.ready.isEmpty ? nil : state.ready.removeFirst(), state.failure)
        }
        if let entries {
            space.signal()
            return entries
        }
        // The end, which stays: the next call comes here again instead of waiting for ever.
        available.signal()
        if let failure { throw failure }
        return nil
    }

    /// Ends the thread early and waits until it has let go of the file. Must be called if `next` is not called until the
    /// end; harmless after it.
    package func cancel() {
        state.withLock { $0.isCancelled = true }
        space.signal()
        finished.wait()
        finished.signal()
    }

    private func read(_ start: BatchReader) {
        var reader = start
        // Whatever ends the reading, the consumer is woken once more and finds the queue empty.
        defer {
            available.signal()
            finished.signal()
        }
        do {
            while true {
                space.wait()
                if state.withLock({ $0.isCancelled }) { return }
                let entries = try reader.next(maximumRecords: LogReplay.chunkRecords)
                if entries.isEmpty { return }
                state.withLock { $0.ready.append(entries) }
                available.signal()
            }
        } catch {
            state.withLock { $0.failure = error }
        }
    }
}

extension IngestLog {
    /// Begins to read `after + 1 ... durableOffset`, in order, on a thread of its own.
    package func replay(after: Int64) throws -> LogReplay {
        let (end, accepted) = progress.withLock { ($0.durableOffset, $0.accepted) }
        return LogReplay(try BatchReader(reader, after: after, through: end, endTotals: accepted))
    }
}
