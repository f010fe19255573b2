import Synchronization

/// Which reference stands for which labels, for every raw series the log has ever seen.
///
/// References are handed out densely in order of first use. They become durable with the first batch that is committed after
/// (`IngestLog` writes all that are not yet on disk in the same transaction); a reference that was handed out but never
/// committed is simply handed out again after a restart. Thread-safe; the lock is held for a dictionary look-up.
package final class SeriesRegistry: Sendable {
    private struct State {
        var labels: [LabelSet] = []
        var references: [LabelSet: SeriesReference] = [:]
    }

    private let state = Mutex(State())
    /// How many series there may be; over it, new ones are refused and known ones go on.
    package let limit: Int

    package init(limit: Int = 10_000_000) {
        precondition(limit <= Int(UInt32.max), "series references have 32 bits")
        self.limit = limit
    }

    package var count: Int { state.withLock { $0.labels.count } }

    /// The reference of these labels, made if there is none yet; nil if that would exceed `limit`.
    package func reference(for labels: LabelSet) -> SeriesReference? {
        state.withLock { state in
            if let known = state.references[labels] { return known }
            guard state.labels.count < limit else { return nil }
            let reference = SeriesReference(UInt32(state.labels.count))
            state.labels.append(labels)
            state.references[labels] = reference
            return reference
        }
    }

    /// The labels behind a reference that this registry handed out or restored.
    package func labels(of reference: SeriesReference) -> LabelSet {
        state.withLock { $0.labels[Int(reference.rawValue)] }
    }

    /// The labels of all references from `first` on, in order.
    package func labels(from first: Int) -> ArraySlice<LabelSet> {
        state.withLock { $0.labels[min(first, $0.labels.count)...] }
    }

    /// Takes over a stored series at start. References must come in order, without gaps.
    package func restore(_ labels: LabelSet, as reference: SeriesReference) {
        state.withLock { state in
            precondition(Int(reference.rawValue) == state.labels.count, "series are restored in order of reference")
            state.labels.append(labels)
            state.references[labels] = reference
        }
    }
}
