import Dispatch
import NIOCore
import Synchronization

/// Threads for work that blocks (reads files, evaluates a query for long), kept off Swift's cooperative pool.
///
/// Work beyond `width` waits in line, in order; beyond `maximumWaiting` it is refused. Thread-safe.
package final class BlockingWork: Sendable {
    private struct Line {
        var running = 0
        var waiting = CircularBuffer<@Sendable () -> Void>()
    }

    private let queue: DispatchQueue
    private let width: Int
    private let maximumWaiting: Int
    private let line = Mutex(Line())

    package init(label: String, width: Int, maximumWaiting: Int = 4096) {
        precondition(width > 0 && maximumWaiting >= 0)
        self.queue = DispatchQueue(label: "heliograph.\(label)", attributes: .concurrent)
        self.width = width
        self.maximumWaiting = maximumWaiting
    }

    /// - Parameter isBegun: whether it is part of something that was let in before, and must not be refused half-way.
    /// - Throws: what `work` throws; an `APIError` (503) if too much waits already.
    package func run<Result: Sendable>(
        isBegun: Bool = false, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = take(isBegun) { continuation.resume(with: Swift.Result { try work() }) }
            if !isTaken {
                continuation.resume(
                    throwing: APIError(
                        .unavailable,
                        "\(maximumWaiting) requests wait for a query thread already; ask again later, or raise query.threads",
                        retryAfterSeconds: 1))
            }
        }
    }

    private enum Place { case thread, line, none }

    private func take(_ isBegun: Bool, _ item: @escaping @Sendable () -> Void) -> Bool {
        let place = line.withLock { line in
            if line.running < width {
                line.running += 1
                return Place.thread
            }
            guard isBegun || line.waiting.count < maximumWaiting else { return .none }
            line.waiting.append(item)
            return .line
        }
        if place == .thread {
            queue.async {
                item()
                self.runWaiting()
            }
        }
        return place != .none
    }

    /// A thread that has done its work goes on with what waits.
    private func runWaiting() {
        while let item = next() { item() }
    }

    private func next() -> (@Sendable () -> Void)? {
        line.withLock { line in
            let item = line.waiting.popFirst()
            if item == nil { line.running -= 1 }
            return item
        }
    }
}
