import Synchronization

/// How many new series somebody may begin, whatever their labels. Thread-safe.
package final class SeriesBudget: Sendable {
    /// That of whoever the task works for; nil for no bound but the registry's own.
    @TaskLocal package static var current: SeriesBudget?

    package let name: String
    package let limit: Int
    private let count: Atomic<Int>

    package init(name: String, limit: Int, used: Int = 0) {
        self.name = name
        self.limit = limit
        count = Atomic(used)
    }

    package var used: Int { count.load(ordering: .relaxed) }

    /// False, and nothing taken, if all are used.
    func takeOne() -> Bool {
        // Registries ask under their lock, and there is one a process: no more than one asks at a time.
        guard count.load(ordering: .relaxed) < limit else { return false }
        count.wrappingAdd(1, ordering: .relaxed)
        return true
    }
}
