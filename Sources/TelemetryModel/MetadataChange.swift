import Synchronization

/// What a group of requests changes of the known metadata: planned on the log's thread, the only one that changes it; written
/// in the group's transaction; then applied to the registry.
package struct MetadataChange: Sendable {
    /// Each once, with when it was seen, milliseconds since 1970-01-01T00:00:00Z.
    package private(set) var written: [FamilyMetadata: Int64] = [:]
    package private(set) var removed: Set<FamilyMetadata> = []
    private(set) var leftOut = MetadataRegistry.LeftOut()

    private let registry: MetadataRegistry
    /// How it will be, as far as it will be another way than the registry has it.
    private var families: [String: [MetadataRegistry.Variant]] = [:]
    private var added = MetadataTaken(families: 0, bytes: 0)

    package init(_ registry: MetadataRegistry) { self.registry = registry }

    package var isEmpty: Bool { written.isEmpty && removed.isEmpty && leftOut == MetadataRegistry.LeftOut() }

    /// - Parameter sent: what was news to a request, which other requests may have brought meanwhile.
    package mutating func add(_ sent: [FamilyMetadata], at now: Int64) {
        for item in sent { add(item, at: now) }
    }

    private mutating func add(_ item: FamilyMetadata, at now: Int64) {
        let (before, known) = registry.state.withLock { state in
            (state.families[item.family], MetadataTaken(families: state.families.count, bytes: state.bytes))
        }
        let taken = MetadataTaken(families: known.families + added.families, bytes: known.bytes + added.bytes)
        var variants = families[item.family] ?? before
        switch registry.limits.room(for: item, among: variants, taken, at: now) {
        case .known: return
        case .none(let bound):
            leftOut[keyPath: bound] += 1
            return
        case .seenAgain:
            if let place = variants?.firstIndex(where: { $0.metadata == item.metadata }) {
                variants?[place].lastSeen = now
            }
        case .new(let replaced):
            if variants == nil { added.families += 1 }
            added.bytes += MetadataLimits.cost(of: item)
            if let replaced {
                variants?.removeAll { $0.metadata == replaced }
                let gone = FamilyMetadata(item.family, replaced)
                written[gone] = nil
                removed.insert(gone)
            }
            variants = (variants ?? []) + [MetadataRegistry.Variant(metadata: item.metadata, lastSeen: now)]
            removed.remove(item)
        }
        families[item.family] = variants
        written[item] = now
    }
}
