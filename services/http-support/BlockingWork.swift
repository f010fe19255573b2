import Dispatch

/// Threads for work that blocks (reads files, evaluates a query for long), kept off Swift's cooperative pool.
///
/// Work beyond `width` waits in line. Thread-safe.
package final class BlockingWork: Sendable {
    private let queue: DispatchQueue
    private let slots: DispatchSemaphore
    private let gate: DispatchQueue

    package init(label: String, width: Int) {
        precondition(width > 0)
        self.queue = DispatchQueue(label: "heliograph.\(label)", attributes: .concurrent)
        self.gate = DispatchQueue(label: "heliograph.\(label).gate")
        self.slots = DispatchSemaphore(value: width)
    }

    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            gate.async { [queue, slots] in
                slots.wait()
                queue.async {
                    let result = Swift.Result { try work() }
                    slots.signal()
                    continuation.resume(with: result)
                }
            }
        }
    }
}
