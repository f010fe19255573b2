import EmbeddedStore
import Processing
import TelemetryModel

/// What the pipeline made of each raw series, by reference: worked out when a series is first seen, looked up ever after.
///
/// What every sample needs lies in plain columns; labels and transforms, which few need, lie apart.
struct CompiledSeries {
    /// How a series' samples are handled.
    enum Kind: UInt8 {
        case unknown
        /// A rule drops it.
        case dropped
        /// Stored as it is.
        case plain
        /// Stored after a look at its target: transformed, or an operational event, or both.
        case special
    }

    struct Target {
        let labels: LabelSet
        let transform: ValueTransform
        /// Every record of the series is an operational event.
        let isOperational: Bool
    }

    let registry: SeriesRegistry
    let pipeline: ProcessingPipeline
    let store: EmbeddedStore
    /// By raw reference, as are `accounts`, `ids` and `targets`.
    private(set) var kinds: [Kind] = []
    private(set) var accounts: [Int32] = []
    /// Nil if a rule drops the series.
    private(set) var ids: [StoredSeriesID?] = []
    private(set) var targets: [Target?] = []
    /// Source ids by account number.
    private(set) var sources: [String] = []
    private var accountNumbers: [String: Int32] = [:]

    init(registry: SeriesRegistry, pipeline: ProcessingPipeline, store: EmbeddedStore) {
        self.registry = registry
        self.pipeline = pipeline
        self.store = store
    }

    /// Works out those of the series that are not known yet. Afterwards all are within the columns.
    mutating func compile(_ references: [SeriesReference]) {
        for reference in references {
            let index = Int(reference.rawValue)
            if index < kinds.count, kinds[index] != .unknown { continue }
            compile(reference, at: index)
        }
    }

    private mutating func compile(_ reference: SeriesReference, at index: Int) {
        if index >= kinds.count { grow(to: index + 1) }
        let raw = registry.labels(of: reference)
        accounts[index] = account(of: raw["source_id"] ?? "")
        guard case .stored(let labels, let transform) = pipeline.disposition(of: raw) else {
            kinds[index] = .dropped
            return
        }
        let severity = labels[Severity.labelName].flatMap(Severity.init(rawValue:))
        let target = Target(
            labels: labels, transform: transform, isOperational: severity.map { $0 >= .lowestOperational } ?? false)
        ids[index] = store.id(for: labels)
        targets[index] = target
        kinds[index] = transform.isIdentity && !target.isOperational ? .plain : .special
    }

    private mutating func account(of source: String) -> Int32 {
        if let known = accountNumbers[source] { return known }
        let account = Int32(sources.count)
        sources.append(source)
        accountNumbers[source] = account
        return account
    }

    private mutating func grow(to count: Int) {
        let added = count - kinds.count
        kinds.append(contentsOf: repeatElement(.unknown, count: added))
        accounts.append(contentsOf: repeatElement(0, count: added))
        ids.append(contentsOf: repeatElement(nil, count: added))
        targets.append(contentsOf: repeatElement(nil, count: added))
    }
}
