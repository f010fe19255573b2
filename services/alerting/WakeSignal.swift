import Synchronization

/// Wakes one waiter; a signal that comes while nobody waits is kept. Signals do not add up.
final class WakeSignal: Sendable {
    private enum State {
        case idle
        case signalled
        case waiting(CheckedContinuation<Void, any Error>)
    }

    private let state = Mutex(State.idle)

    func signal() {
        state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard case .waiting(let waiter) = state else {
                state = .signalled
                return nil
            }
            state = .idle
            return waiter
        }?.resume()
    }

    /// Returns at a signal; throws `CancellationError`. One caller at a time.
    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state -> Bool in
                    if case .signalled = state {
                        state = .idle
                        return true
                    }
                    state = .waiting(continuation)
                    return false
                }
                if isDone { continuation.resume() } else if Task.isCancelled { cancelWaiter() }
            }
        } onCancel: {
            cancelWaiter()
        }
    }

    /// Returns at a signal or at `deadline`, whichever is first.
    func wait(until deadline: Int64, clock: any AlertingClock) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.wait() }
            group.addTask { try await clock.sleep(until: deadline) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func cancelWaiter() {
        state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard case .waiting(let waiter) = state else { return nil }
            state = .idle
            return waiter
        }?.resume(throwing: CancellationError())
    }
}
