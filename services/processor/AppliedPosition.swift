import Synchronization

/// How far the processor is, and who waits for it to get somewhere. Thread-safe.
final class AppliedPosition: Sendable {
    private struct Waiter {
        let offset: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var offset: Int64
        /// Records applied since the process began.
        var records = 0
        var waiters: [Waiter] = []
        var isFinished = false
    }

    private let state: Mutex<State>
    private let start: Int64
    /// The log's end when the process began: through here it is replay.
    let target: Int64
    /// Records in the log through `target`.
    private let targetRecords: Int
    private let began = ContinuousClock.now

    init(start: Int64, target: Int64, records: Int = 0) {
        self.start = start
        self.target = target
        targetRecords = records
        state = Mutex(State(offset: start))
    }

    var offset: Int64 { state.withLock { $0.offset } }

    var replayProgress: Double {
        target > start ? min(1, Double(offset - start) / Double(target - start)) : 1
    }

    /// How far reading the log back is.
    var replay: ReplayProgress {
        let (offset, records) = state.withLock { ($0.offset, $0.records) }
        return ReplayProgress(
            batches: (done: Int(min(offset, target) - start), total: Int(target - start)),
            samples: (done: min(records, targetRecords), total: targetRecords), elapsed: ContinuousClock.now - began)
    }

    /// - Parameter records: how many came with the batches between the position so far and `offset`.
    func advance(to offset: Int64, records: Int = 0) {
        let ready = state.withLock { state -> [Waiter] in
            state.offset = max(state.offset, offset)
            state.records += records
            guard !state.waiters.isEmpty else { return [] }
            let reached = state.offset
            let ready = state.waiters.filter { $0.offset <= reached }
            state.waiters.removeAll { $0.offset <= reached }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns when `offset` is applied, or when the processor has ended.
    func wait(for offset: Int64) async {
        // What nearly every read finds, without a continuation.
        if state.withLock({ $0.offset >= offset || $0.isFinished }) { return }
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.offset >= offset || state.isFinished { return true }
                state.waiters.append(Waiter(offset: offset, continuation: continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
    }
}
