import Dispatch
import Synchronization

/// Work over many series, spread over the machine's cores. Small inputs stay on the calling thread.
package enum ParallelChunks {
    /// Handing out less than this costs more than it saves.
    package static let length = 512

    /// What `transform` makes of consecutive parts of `items`, in order. The first error in that order is thrown.
    package static func map<Item: Sendable, Output: Sendable>(
        _ items: [Item], length: Int = length, _ transform: @Sendable (ArraySlice<Item>) throws -> [Output]
    ) throws -> [Output] {
        guard items.count >= 2 * length else { return try transform(items[...]) }
        let count = (items.count + length - 1) / length
        let parts = Mutex([Result<[Output], any Error>?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let range = index * length..<min(items.count, (index + 1) * length)
            let part = Result { try transform(items[range]) }
            parts.withLock { $0[index] = part }
        }
        var out: [Output] = []
        out.reserveCapacity(items.count)
        for part in parts.withLock({ $0 }) { out += try part?.get() ?? [] }
        return out
    }
}
