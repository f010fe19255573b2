import Synchronization

/// Tells a producer to come to an end, and wakes it where it waits.
final class StopSignal: Sendable {
    private struct State {
        var isStopped = false
        var nextSleep = 0
        var sleeps: [Int: Task<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func stop() {
        let sleeps = state.withLock { state in
            state.isStopped = true
            defer { state.sleeps = [:] }
            return Array(state.sleeps.values)
        }
        for sleep in sleeps { sleep.cancel() }
    }

    /// Waits for so long, or until the producer is told to stop; returns at once when it already was.
    func sleep(for duration: Duration) async {
        let entry: (id: Int, task: Task<Void, Never>)? = state.withLock { state in
            guard !state.isStopped, duration > .zero else { return nil }
            let task = Task<Void, Never> { try? await Task.sleep(for: duration) }
            state.nextSleep += 1
            state.sleeps[state.nextSleep] = task
            return (state.nextSleep, task)
        }
        guard let entry else { return }
        await withTaskCancellationHandler {
            await entry.task.value
        } onCancel: {
            entry.task.cancel()
        }
        state.withLock { $0.sleeps[entry.id] = nil }
    }
}
