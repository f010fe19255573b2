import Synchronization
package import TelemetryModel

/// The series of one protocol by the bytes with which clients name them. One per process and protocol; thread-safe.
///
/// A series that was seen before is found without decoding, sorting or checking its labels (`RawSeriesCache`).
package final class SeriesNames: Sendable {
    let registry: SeriesRegistry
    let hash: RawSeriesHash
    let cache: Mutex<RawSeriesCache>

    package convenience init(registry: SeriesRegistry) { self.init(registry: registry, cache: RawSeriesCache()) }

    init(registry: SeriesRegistry, cache: RawSeriesCache) {
        self.registry = registry
        var generator = SystemRandomNumberGenerator()
        hash = RawSeriesHash(using: &generator)
        self.cache = Mutex(cache)
    }
}

/// Looks series up some hundred at a time, so that they share one turn at the cache's lock.
///
/// Append keys, `resolve` when `isFull` or at the end, read `references`, `removeAll`, and go on.
struct SeriesLookUp {
    private static let size = 256

    private let names: SeriesNames
    private var cursor = RawSeriesCache.Cursor()
    /// In the order in which they were appended.
    private(set) var wanted: [SeriesKey] = []
    /// By position of the key, after `resolve`; nil for a series that was refused.
    private(set) var references: [SeriesReference?] = []

    init(_ names: SeriesNames) {
        self.names = names
        wanted.reserveCapacity(Self.size)
        references.reserveCapacity(Self.size)
    }

    var count: Int { wanted.count }
    var isFull: Bool { wanted.count >= Self.size }

    @inline(__always)
    mutating func append(_ key: SeriesKey) { wanted.append(key) }

    /// Finds all of them; those not seen before are given their labels and registered.
    ///
    /// - Parameters:
    ///   - labels: what a key spells, checked; told of its position, too. Nil for a series that is left out, whose reference is
    ///     then `.dropped`.
    /// - Returns: for the position of each series that there cannot be, why.
    mutating func resolve(
        in body: Span<UInt8>, labels: (Int, SeriesKey) throws(Refusal) -> LabelSet?
    ) -> [Int: Refusal] {
        var isComplete = true
        names.cache.withLock { cache in
            for key in wanted {
                let lengths = key.lengths
                var known = cache.reference(at: &cursor, of: key, in: body, lengths: lengths)
                if known == nil {
                    let hash = names.hash.hash(body, key, lengths: lengths)
                    known = cache.reference(of: key, in: body, hash: hash, lengths: lengths, moving: &cursor)
                }
                isComplete = isComplete && known != nil
                references.append(known)
            }
        }
        return isComplete ? [:] : learn(body, labels)
    }

    private mutating func learn(
        _ body: Span<UInt8>, _ labels: (Int, SeriesKey) throws(Refusal) -> LabelSet?
    ) -> [Int: Refusal] {
        var refusals: [Int: Refusal] = [:]
        var learned: [Int] = []
        for position in wanted.indices where references[position] == nil {
            do throws(Refusal) {
                references[position] = try labels(position, wanted[position]).map(register) ?? .dropped
                learned.append(position)
            } catch {
                refusals[position] = error
            }
        }
        guard !learned.isEmpty else { return refusals }
        names.cache.withLock { cache in
            for position in learned {
                guard let reference = references[position] else { continue }
                let key = wanted[position]
                let hash = names.hash.hash(body, key, lengths: key.lengths)
                cache.insert(reference, for: key, in: body, hash: hash, lengths: key.lengths)
            }
        }
        return refusals
    }

    private func register(_ labels: LabelSet) throws(Refusal) -> SeriesReference {
        do throws(SeriesBudgetExceeded) {
            return try names.registry.register(labels)
        } catch {
            throw .overBudget(error)
        }
    }

    /// Forgets all keys but the first ones; `resolve` was not called since they were appended.
    mutating func truncate(to count: Int) { wanted.removeLast(wanted.count - count) }

    mutating func removeAll() {
        wanted.removeAll(keepingCapacity: true)
        references.removeAll(keepingCapacity: true)
    }
}
