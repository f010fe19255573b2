import Dispatch
import Synchronization

/// Work that must run between two batches, on the processor's thread. Thread-safe.
final class ProcessorTasks: Sendable {
    private struct Queue {
        var tasks: [@Sendable (_ applied: Int64?) -> Void] = []
        var isFinished = false
    }

    private let queue = Mutex(Queue())

    /// Blocks until `body` has run; returns what it returned, or nil if the processor has ended. `body` gets the log offset
    /// through which everything is in the store. Not to be called on the processor's own thread or on Swift's cooperative
    /// pool.
    func run<Result: Sendable>(
        wake: () -> Void, _ body: @escaping @Sendable (_ applied: Int64) throws -> Result
    ) throws -> Result? {
        let outcome = TaskOutcome<Result>()
        let isTaken = queue.withLock { queue in
            guard !queue.isFinished else { return false }
            queue.tasks.append { applied in
                if let applied { outcome.result.withLock { $0 = Swift.Result { try body(applied) } } }
                outcome.done.signal()
            }
            return true
        }
        guard isTaken else { return nil }
        wake()
        outcome.done.wait()
        return try outcome.result.withLock { $0 }?.get()
    }

    /// Runs what waits.
    func runAll(applied: Int64) { for task in takeAll() { task(applied) } }

    /// Lets go of all that wait, and of all that come later, with nothing done.
    func finish() {
        queue.withLock { $0.isFinished = true }
        for task in takeAll() { task(nil) }
    }

    private func takeAll() -> [@Sendable (Int64?) -> Void] {
        queue.withLock { queue in
            defer { queue.tasks = [] }
            return queue.tasks
        }
    }
}

private final class TaskOutcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
}
