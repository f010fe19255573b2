import Dispatch
import Synchronization

/// Brings changes to the store on a thread of its own, in order, several in one transaction where they wait together. What
/// could not be written is kept and written with the next change.
final class StateWriter: Sendable {
    private let store: any AlertStateStore
    private let queue = DispatchQueue(label: "heliograph.alert-state")
    private let staged = Mutex<[String: [UInt8]?]>([:])

    init(store: any AlertStateStore) { self.store = store }

    /// Notes changes; those of one call end up in the same transaction. Later changes of a key replace earlier ones.
    func stage(_ changes: [String: [UInt8]?]) {
        staged.withLock { staged in
            for (key, bytes) in changes { staged.updateValue(bytes, forKey: key) }
        }
    }

    /// Returns when everything that was staged before is durable. Throws what the store throws; the changes stay staged.
    func flush() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { [self] in continuation.resume(with: Result { try write() }) }
        }
    }

    /// On the queue only.
    private func write() throws {
        let changes = staged.withLock { staged in
            defer { staged = [:] }
            return staged
        }
        guard !changes.isEmpty else { return }
        do {
            try store.save(changes)
        } catch {
            staged.withLock { $0.merge(changes) { newer, _ in newer } }
            throw error
        }
    }
}
