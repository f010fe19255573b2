import Synchronization

/// What is known of metric families, by their names: a copy in memory of what the log has on disk. Thread-safe.
///
/// A request asks for its `news`, the part of its metadata that is not known; that is all that goes to the log with it. The log
/// plans on its own thread what to write (`MetadataChange`), and applies it here when it is on disk: so what is known here is
/// durable, and a request that brings nothing new can be answered at once.
package final class MetadataRegistry: Sendable {
    /// Metadata that was sent, and when it was last.
    package struct Variant: Sendable, Equatable {
        package let metadata: MetricMetadata
        /// Milliseconds since 1970-01-01T00:00:00Z, at most `seenResolution` behind the truth.
        package var lastSeen: Int64
    }

    struct State {
        var families: [String: [Variant]] = [:]
        var variantCount = 0
        var bytes = 0
        var leftOut = LeftOut()
        var cutTexts = 0
    }

    /// Metadata that came and is not kept, by the bound that it came to. What is sent again counts again.
    package struct LeftOut: Sendable, Equatable {
        package var familyLimit = 0
        package var byteLimit = 0
        package var variantLimit = 0
        package var nameTooLong = 0
    }

    /// Metadata that goes on being sent is written anew so often, in milliseconds.
    package static let seenResolution: Int64 = 3_600_000

    package let limits: MetadataLimits
    let state = Mutex(State())

    package init(limits: MetadataLimits = MetadataLimits()) { self.limits = limits }

    package var familyCount: Int { state.withLock { $0.families.count } }
    package var variantCount: Int { state.withLock { $0.variantCount } }
    package var leftOut: LeftOut { state.withLock { $0.leftOut } }
    /// Texts that were longer than they may be, since the process began.
    package var cutTexts: Int { state.withLock { $0.cutTexts } }

    /// What has to be written of metadata that came at `now`: what is not known, and what has not been seen for a while. What
    /// there is no room for is counted here. One look-up a family.
    package func news(in sent: [FamilyMetadata], at now: Int64) -> [FamilyMetadata] {
        guard !sent.isEmpty else { return [] }
        return state.withLock { state in
            sent.compactMap { item in
                let (fitting, isCut) = limits.fitting(item)
                guard let fitting else {
                    state.leftOut.nameTooLong += 1
                    return nil
                }
                let taken = MetadataTaken(families: state.families.count, bytes: state.bytes)
                switch limits.room(for: fitting, among: state.families[fitting.family], taken, at: now) {
                case .known: return nil
                case .none(let bound):
                    state.leftOut[keyPath: bound] += 1
                    return nil
                case .seenAgain, .new:
                    if isCut { state.cutTexts += 1 }
                    return fitting
                }
            }
        }
    }

    /// The families, or the one with a name, each with what was said of it: what was seen last first, else in a fixed order.
    package func families(named name: String? = nil) -> [(family: String, variants: [Variant])] {
        let found: [String: [Variant]] = state.withLock { state in
            guard let name else { return state.families }
            return state.families[name].map { [name: $0] } ?? [:]
        }
        return found.sorted { $0.key < $1.key }.map { family, variants in
            (
                family,
                variants.count < 2
                    ? variants
                    : variants.sorted {
                        $0.lastSeen != $1.lastSeen ? $0.lastSeen > $1.lastSeen : $0.metadata < $1.metadata
                    }
            )
        }
    }

    /// What was seen last of the family that has the name of a series; OpenMetrics names a counter's without `_total`.
    package func newest(ofSeries name: String) -> MetricMetadata? {
        if let known = newest(of: name) { return known }
        guard name.hasSuffix("_total"), let known = newest(of: String(name.dropLast(6))), known.type == .counter else {
            return nil
        }
        return known
    }

    private func newest(of family: String) -> MetricMetadata? {
        state.withLock { $0.families[family] }?.max { a, b in
            a.lastSeen != b.lastSeen ? a.lastSeen < b.lastSeen : b.metadata < a.metadata
        }?.metadata
    }

    /// Fills it with what is on disk, at start.
    package func restore(_ item: FamilyMetadata, lastSeen: Int64) {
        state.withLock { $0.write(item, lastSeen) }
    }

    /// Makes known what is on disk now.
    package func apply(_ change: MetadataChange) {
        guard !change.isEmpty else { return }
        state.withLock { state in
            for item in change.removed { state.remove(item) }
            for (item, seen) in change.written { state.write(item, seen) }
            state.leftOut.familyLimit += change.leftOut.familyLimit
            state.leftOut.byteLimit += change.leftOut.byteLimit
            state.leftOut.variantLimit += change.leftOut.variantLimit
        }
    }

    /// Forgets what was last seen before `moment`, as the log has.
    package func forget(before moment: Int64) {
        state.withLock { state in
            for (family, variants) in state.families {
                for variant in variants where variant.lastSeen < moment {
                    state.remove(FamilyMetadata(family, variant.metadata))
                }
            }
        }
    }
}

extension MetadataRegistry.State {
    mutating func remove(_ item: FamilyMetadata) {
        guard var variants = families[item.family],
            let place = variants.firstIndex(where: { $0.metadata == item.metadata })
        else { return }
        variants.remove(at: place)
        families[item.family] = variants.isEmpty ? nil : variants
        variantCount -= 1
        bytes -= MetadataLimits.cost(of: item)
    }

    mutating func write(_ item: FamilyMetadata, _ seen: Int64) {
        var variants = families[item.family] ?? []
        if let place = variants.firstIndex(where: { $0.metadata == item.metadata }) {
            variants[place].lastSeen = max(variants[place].lastSeen, seen)
        } else {
            variants.append(MetadataRegistry.Variant(metadata: item.metadata, lastSeen: seen))
            variantCount += 1
            bytes += MetadataLimits.cost(of: item)
        }
        families[item.family] = variants
    }
}

/// How much there is of what is bounded.
struct MetadataTaken {
    var families: Int
    var bytes: Int
}

/// Whether metadata is to be written.
enum MetadataRoom {
    case known
    case seenAgain
    /// In the place of one of the family's that nobody sends any more, if there is no other.
    case new(replacing: MetricMetadata?)
    case none(WritableKeyPath<MetadataRegistry.LeftOut, Int>)
}

extension MetadataLimits {
    /// - Parameters: `variants`, those of the family; `taken`, by all.
    func room(
        for item: FamilyMetadata, among variants: [MetadataRegistry.Variant]?, _ taken: MetadataTaken, at now: Int64
    ) -> MetadataRoom {
        if let known = variants?.first(where: { $0.metadata == item.metadata }) {
            return now - known.lastSeen < MetadataRegistry.seenResolution ? .known : .seenAgain
        }
        guard taken.bytes + MetadataLimits.cost(of: item) <= bytes else { return .none(\.byteLimit) }
        guard let variants else {
            return taken.families < families ? .new(replacing: nil) : .none(\.familyLimit)
        }
        guard variants.count >= variantsPerFamily else { return .new(replacing: nil) }
        // What is still sent is at most as far behind as it takes to be written anew, and the time until it comes again.
        guard let oldest = variants.min(by: { $0.lastSeen < $1.lastSeen }),
            now - oldest.lastSeen >= 2 * MetadataRegistry.seenResolution
        else { return .none(\.variantLimit) }
        return .new(replacing: oldest.metadata)
    }
}
