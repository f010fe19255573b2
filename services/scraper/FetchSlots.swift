/// Bounds how many scrapes are under way at a time, and with them how many bodies are in memory.
actor FetchSlots {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter count: above 0.
    init(count: Int) { free = count }

    func run<Result: Sendable>(_ work: @Sendable () async -> Result) async -> Result {
        await take()
        let result = await work()
        giveBack()
        return result
    }

    private func take() async {
        if free > 0 {
            free -= 1
        } else {
            // As many wait as there are targets at the most.
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
