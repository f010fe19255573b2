import EmbeddedStore
import Processing
import TelemetryModel

/// What the pipeline made of each raw series, by reference: worked out when a series is first seen, looked up ever after.
struct CompiledSeries {
    struct Entry {
        let account: Int
        /// Nil if a rule drops the series.
        let target: Target?
    }

    struct Target {
        let id: StoredSeriesID
        let labels: LabelSet
        let transform: ValueTransform
        /// Every record of the series is an operational event.
        let isOperational: Bool
    }

    let registry: SeriesRegistry
    let pipeline: ProcessingPipeline
    let store: EmbeddedStore
    private var entries: [Entry?] = []
    /// Source ids by account number.
    private(set) var sources: [String] = []
    private var accounts: [String: Int] = [:]

    init(registry: SeriesRegistry, pipeline: ProcessingPipeline, store: EmbeddedStore) {
        self.registry = registry
        self.pipeline = pipeline
        self.store = store
    }

    mutating func entry(for reference: SeriesReference) -> Entry {
        let index = Int(reference.rawValue)
        if index < entries.count, let known = entries[index] { return known }
        return compile(reference, at: index)
    }

    private mutating func compile(_ reference: SeriesReference, at index: Int) -> Entry {
        let raw = registry.labels(of: reference)
        let source = raw["source_id"] ?? ""
        let account = accounts[source] ?? sources.count
        if account == sources.count {
            sources.append(source)
            accounts[source] = account
        }
        var target: Target?
        if case .stored(let labels, let transform) = pipeline.disposition(of: raw) {
            let severity = labels[Severity.labelName].flatMap(Severity.init(rawValue:))
            target = Target(
                id: store.id(for: labels), labels: labels, transform: transform,
                isOperational: severity.map { $0 >= .lowestOperational } ?? false)
        }
        let entry = Entry(account: account, target: target)
        if index >= entries.count {
            entries.append(contentsOf: repeatElement(nil, count: index + 1 - entries.count))
        }
        entries[index] = entry
        return entry
    }
}
