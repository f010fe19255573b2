import Synchronization

/// Which reference stands for which labels, for every raw series the log has ever seen.
///
/// References are handed out densely in order of first use. They become durable with the first batch that is committed after
/// (`IngestLog` writes all that are not yet on disk in the same transaction); a reference that was handed out but never
/// committed is simply handed out again after a restart. Thread-safe; the lock is held for one look-up.
///
/// Memory: 16 bytes a series for its place, 6 to 11 for finding it, and the labels themselves, which whoever holds the same
/// `LabelSet` shares; about 50 bytes a source if sources have a budget.
package final class SeriesRegistry: Sendable {
    private struct State {
        var labels: [LabelSet] = []
        var index = LabelSetIndex()
        /// Series per source; counted only if sources have a budget.
        var sources: [String: Int] = [:]
        let countsSources: Bool

        mutating func find(_ wanted: LabelSet) -> Int? {
            index.position(of: wanted, in: labels)
        }

        mutating func append(_ new: LabelSet) {
            labels.append(new)
            index.insertLast(of: labels)
            if countsSources { sources[SeriesRegistry.source(of: new), default: 0] += 1 }
        }
    }

    private let state: Mutex<State>
    /// How many series there may be; over it, new ones are refused and known ones go on.
    package let limit: Int
    /// As `limit`, for the series of one source; 0 for as many as there may be in all.
    package let limitPerSource: Int

    package init(limit: Int = 10_000_000, limitPerSource: Int = 0) {
        precondition(limit < Int(UInt32.max), "series references have 32 bits")
        self.limit = limit
        self.limitPerSource = limitPerSource
        state = Mutex(State(countsSources: limitPerSource > 0))
    }

    package var count: Int { state.withLock { $0.labels.count } }

    /// The reference of these labels, made if there is none yet; nil if that would exceed a budget.
    package func reference(for labels: LabelSet) -> SeriesReference? { try? register(labels) }

    /// As `reference(for:)`, saying which budget it is.
    package func register(_ labels: LabelSet) throws(SeriesBudgetExceeded) -> SeriesReference {
        let result: Result<SeriesReference, SeriesBudgetExceeded> = state.withLock { state in
            if let known = state.find(labels) { return .success(SeriesReference(UInt32(known))) }
            // The source's own first: it is what that source can do something about.
            if limitPerSource > 0 {
                let source = SeriesRegistry.source(of: labels)
                guard state.sources[source, default: 0] < limitPerSource else {
                    return .failure(.source(source, limit: limitPerSource))
                }
            }
            guard state.labels.count < limit else { return .failure(.total(limit: limit)) }
            if let budget = SeriesBudget.current, !budget.takeOne() {
                return .failure(.token(budget.name, limit: budget.limit))
            }
            state.append(labels)
            return .success(SeriesReference(UInt32(state.labels.count - 1)))
        }
        return try result.get()
    }

    /// The sources with the most series, largest first, at most `count`; nil if sources have no budget. O(sources).
    package func largestSources(_ count: Int) -> [(source: String, series: Int)]? {
        guard limitPerSource > 0 else { return nil }
        let all = state.withLock { $0.sources }
        return all.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(count).map { ($0.key, $0.value) }
    }

    fileprivate static func source(of labels: LabelSet) -> String { labels["source_id"] ?? "" }

    /// The labels of references in `first ..< end`, as far as there are any: for going over all in portions.
    package func labels(from first: Int, to end: Int) -> [LabelSet] {
        state.withLock { state in
            first < min(end, state.labels.count) ? Array(state.labels[first..<min(end, state.labels.count)]) : []
        }
    }

    /// The labels behind a reference that this registry handed out or restored.
    package func labels(of reference: SeriesReference) -> LabelSet {
        state.withLock { $0.labels[Int(reference.rawValue)] }
    }

    /// The labels of all references from `first` on, in order. A copy: a slice would make the next new series copy all that
    /// there are for as long as it lives.
    package func labels(from first: Int) -> [LabelSet] {
        state.withLock { state in
            first < state.labels.count ? Array(state.labels[first...]) : []
        }
    }

    /// Takes over stored series at start: `body` hands in the labels, in order of reference and without gaps, from `count`
    /// on. The registry is locked meanwhile.
    ///
    /// - Parameter expected: about how many there will be; memory is made for so many at once.
    package func restore(count expected: Int, _ body: ((LabelSet) -> Void) throws -> Void) rethrows {
        try state.withLock { state in
            let total = min(state.labels.count + max(expected, 0), limit)
            state.labels.reserveCapacity(total)
            state.index.reserve(total, for: state.labels)
            try body { state.append($0) }
        }
    }
}

/// Finds label sets in a list by their digest: open addressing with linear probing, 4 bytes a slot, at most three quarters
/// full. It holds positions only; the list, which grows at its end, is handed in.
struct LabelSetIndex {
    /// Position + 1, or 0 for a free slot. A power of two in number.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 16)
    private var count = 0

    func position(of wanted: LabelSet, in list: [LabelSet]) -> Int? {
        var slot = home(of: wanted.digest)
        // There is always a free slot, so the loop ends.
        while slots[slot] != 0 {
            let position = Int(slots[slot]) - 1
            if list[position] == wanted { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds the newest of the list, all others of which are in already.
    mutating func insertLast(of list: [LabelSet]) {
        reserve(list.count, for: list)
        place(list[count].digest, count)
        count += 1
    }

    mutating func reserve(_ total: Int, for list: [LabelSet]) {
        var size = slots.count
        while total * 4 > size * 3 { size *= 2 }
        guard size > slots.count else { return }
        slots = [UInt32](repeating: 0, count: size)
        for position in 0..<count { place(list[position].digest, position) }
    }

    private mutating func place(_ digest: UInt64, _ position: Int) {
        var slot = home(of: digest)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(position + 1)
    }

    /// The uppermost bits of a multiplication by 2^64 / φ depend on all bits of the digest (Knuth, TAOCP vol. 3, 6.4).
    private func home(of digest: UInt64) -> Int {
        // A power of two ≥ 16, so between 4 and 63 bits remain.
        Int((digest &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - slots.count.trailingZeroBitCount))
    }
}
