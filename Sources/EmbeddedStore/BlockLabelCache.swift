import Synchronization
import TelemetryModel

/// Label sets that were read from blocks, within a bound over all blocks. Thread-safe.
///
/// When the bound is reached, all that is known of the block that was not asked for the longest is forgotten, and, if that is
/// not enough, of the one that was.
final class BlockLabelCache: Sendable {
    fileprivate struct Shelf {
        var sets: [Int: LabelSet] = [:]
        var labels: [Int: Label] = [:]
        var byteCount = 0
        var lastUse = 0
    }

    private struct State {
        var shelves: [ObjectIdentifier: Shelf] = [:]
        var byteCount = 0
        var clock = 0
    }

    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// An estimate.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// What is known of these series; nil for the others.
    func sets(of block: ObjectIdentifier, _ ids: [Int]) -> [LabelSet?] {
        state.withLock { state in
            state.clock += 1
            guard let index = state.shelves.index(forKey: block) else { return Array(repeating: nil, count: ids.count) }
            state.shelves.values[index].lastUse = state.clock
            return ids.map { state.shelves.values[index].sets[$0] }
        }
    }

    func labels(of block: ObjectIdentifier, _ ids: [Int]) -> [Int: Label] {
        state.withLock { state in
            guard let index = state.shelves.index(forKey: block) else { return [:] }
            var known: [Int: Label] = [:]
            for id in ids {
                if let label = state.shelves.values[index].labels[id] { known[id] = label }
            }
            return known
        }
    }

    func add(_ sets: [(id: Int, set: LabelSet)], _ labels: [(id: Int, label: Label)], of block: ObjectIdentifier) {
        state.withLock { state in
            state.clock += 1
            let before = state.shelves[block]?.byteCount ?? 0
            state.shelves[block, default: Shelf()].add(sets, labels, clock: state.clock)
            state.byteCount += (state.shelves[block]?.byteCount ?? 0) - before
            while state.byteCount > byteLimit,
                let oldest = state.shelves.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.shelves[oldest.key] = nil
                state.byteCount -= oldest.value.byteCount
            }
        }
    }

    func remove(_ block: ObjectIdentifier) {
        state.withLock { state in
            if let shelf = state.shelves.removeValue(forKey: block) { state.byteCount -= shelf.byteCount }
        }
    }
}

extension BlockLabelCache.Shelf {
    /// Estimates: what a dictionary's entry takes beside its content, and an array or a string of the heap.
    private static let entryByteCount = 48
    private static let headerByteCount = 32

    fileprivate mutating func add(
        _ added: [(id: Int, set: LabelSet)], _ addedLabels: [(id: Int, label: Label)], clock: Int
    ) {
        lastUse = clock
        for (id, set) in added where sets.updateValue(set, forKey: id) == nil {
            byteCount += Self.entryByteCount + Self.headerByteCount + 32 * set.labels.count
        }
        for (id, label) in addedLabels where labels.updateValue(label, forKey: id) == nil {
            byteCount += Self.entryByteCount + 2 * Self.headerByteCount + label.name.utf8.count + label.value.utf8.count
        }
    }
}
