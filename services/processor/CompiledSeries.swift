import EmbeddedStore
import Processing
import TelemetryModel

/// What the pipeline made of each raw series, by reference: worked out when a series is first seen, looked up ever after.
///
/// What every sample needs lies in plain columns; labels and steps, which few need, lie apart.
struct CompiledSeries {
    /// How a series' samples are handled.
    enum Kind: UInt8 {
        case unknown
        /// A stage drops it.
        case dropped
        /// Stored as it is.
        case plain
        /// Stored after a look at its target: its samples go through steps, or are operational events, or both.
        case special
    }

    struct Target {
        let labels: LabelSet
        let steps: [BoundStep]
        /// Every record of the series is an operational event.
        let isOperational: Bool
    }

    let registry: SeriesRegistry
    let pipeline: ProcessingPipeline
    let store: EmbeddedStore
    /// By raw reference, as are `accounts`, `ids` and `targets`.
    private(set) var kinds: [Kind] = []
    private(set) var accounts: [Int32] = []
    /// Nil if no sample of the series is stored.
    private(set) var ids: [StoredSeriesID?] = []
    private(set) var targets: [Target?] = []
    /// Of dropped series, the index of the stage.
    private(set) var droppedBy: [SeriesReference: Int] = [:]
    /// Source ids by account number.
    private(set) var sources: [String] = []
    private var accountNumbers: [String: Int32] = [:]
    /// By stage.
    private(set) var seriesCounts: [StageSeriesCounts]

    init(registry: SeriesRegistry, pipeline: ProcessingPipeline, store: EmbeddedStore) {
        self.registry = registry
        self.pipeline = pipeline
        self.store = store
        seriesCounts = Array(repeating: StageSeriesCounts(), count: pipeline.stages.count)
    }

    /// Works out those of the series that are not known yet. Afterwards all are within the columns.
    ///
    /// - Parameter run: where series get the places in which they are remembered.
    mutating func compile(_ references: [SeriesReference], _ run: inout PipelineRun) {
        for reference in references {
            let index = Int(reference.rawValue)
            if index < kinds.count, kinds[index] != .unknown { continue }
            compile(reference, at: index, &run)
        }
    }

    private mutating func compile(_ reference: SeriesReference, at index: Int, _ run: inout PipelineRun) {
        if index >= kinds.count { grow(to: index + 1) }
        let raw = registry.labels(of: reference)
        accounts[index] = account(of: raw["source_id"] ?? "")
        let plan: SeriesPlan
        switch pipeline.disposition(of: raw) {
        case .dropped(let stage):
            kinds[index] = .dropped
            droppedBy[reference] = stage
            seriesCounts[stage].dropped += 1
            return
        case .kept(let kept): plan = kept
        }
        for stage in Set(plan.relabelledBy) { seriesCounts[stage].relabelled += 1 }
        let severity = plan.labels[Severity.labelName].flatMap(Severity.init(rawValue:))
        let target = Target(
            labels: plan.labels, steps: run.bind(plan),
            isOperational: severity.map { $0 >= .lowestOperational } ?? false)
        // A series of which nothing is stored would be in the index for nothing.
        if !plan.isFullyAggregated { ids[index] = store.id(for: plan.labels) }
        targets[index] = target
        kinds[index] = target.steps.isEmpty && !target.isOperational ? .plain : .special
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

    /// The id under which a series' samples are stored, given to it when the first one is.
    mutating func id(of index: Int) -> StoredSeriesID? {
        if let id = ids[index] { return id }
        guard let target = targets[index] else { return nil }
        let id = store.id(for: target.labels)
        ids[index] = id
        return id
    }
}

/// What one stage did with series that have been seen.
package struct StageSeriesCounts: Sendable, Equatable {
    package var dropped = 0
    package var relabelled = 0
}
