import Synchronization
import TelemetryModel

/// Labels that were read from blocks, within a bound over all blocks. Thread-safe.
///
/// When the bound is reached, all that is known of the block that was not asked for the longest is forgotten, and, if that is
/// not enough, of the one that was.
final class BlockLabelCache: Sendable {
    /// What is known of one block.
    struct Shelf: Sendable {
        /// By series id.
        var sets = SparsePages<LabelSet>()
        /// By label id.
        var labels = SparsePages<Label>()
        fileprivate(set) var byteCount = 0
        fileprivate var lastUse = 0
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

    /// What is known of the block: a snapshot that shares its storage.
    func shelf(of block: ObjectIdentifier) -> Shelf {
        state.withLock { state in
            state.clock += 1
            guard let index = state.shelves.index(forKey: block) else { return Shelf() }
            state.shelves.values[index].lastUse = state.clock
            return state.shelves.values[index]
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
    /// Estimates: the header of an array or a string on the heap.
    private static let headerByteCount = 32

    fileprivate mutating func add(
        _ added: [(id: Int, set: LabelSet)], _ addedLabels: [(id: Int, label: Label)], clock: Int
    ) {
        lastUse = clock
        for (id, set) in added where sets[id] == nil {
            byteCount += sets.set(id, set) + Self.headerByteCount + 32 * set.labels.count
        }
        for (id, label) in addedLabels where labels[id] == nil {
            byteCount += labels.set(id, label) + Self.headerByteCount + label.value.utf8.count
        }
    }
}

/// Elements by dense number, of which few or many are there; storage comes in pages.
struct SparsePages<Element: Sendable>: Sendable {
    private static var pageLength: Int { 128 }

    private var pages: [[Element?]] = []

    subscript(index: Int) -> Element? {
        let page = index / Self.pageLength
        guard page < pages.count, !pages[page].isEmpty else { return nil }
        return pages[page][index % Self.pageLength]
    }

    /// Returns how many bytes the storage grew by.
    @discardableResult mutating func set(_ index: Int, _ element: Element) -> Int {
        let page = index / Self.pageLength
        var growth = 0
        if page >= pages.count {
            growth += (page + 1 - pages.count) * MemoryLayout<[Element?]>.stride
            pages += Array(repeating: [], count: page + 1 - pages.count)
        }
        if pages[page].isEmpty {
            growth += Self.pageLength * MemoryLayout<Element?>.stride
            pages[page] = Array(repeating: nil, count: Self.pageLength)
        }
        pages[page][index % Self.pageLength] = element
        return growth
    }
}
