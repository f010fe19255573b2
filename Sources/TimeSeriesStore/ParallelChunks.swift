import Dispatch
import Synchronization

/// Work over many or long series, spread over the machine's cores. Small inputs stay on the calling thread.
package enum ParallelChunks {
    /// Handing out less than this many series, or samples, costs more than it saves.
    package static let length = 512
    private static let sampleCount = 1 << 20

    /// What `transform` makes of consecutive parts of `items`, in order. The first error in that order is thrown.
    ///
    /// - Parameters:
    ///   - length: how many items go together.
    ///   - samples: how many samples will be looked at, about, if that depends on more than how many items there are.
    package static func map<Item: Sendable, Output: Sendable>(
        _ items: [Item], length: Int = length, samples: Int = 0,
        _ transform: @Sendable (ArraySlice<Item>) throws -> [Output]
    ) throws -> [Output] {
        let samplesPerItem = samples / max(1, items.count)
        let length = max(1, min(length, sampleCount / max(1, samplesPerItem)))
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
