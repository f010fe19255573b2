import EmbeddedStore
import Processing
import TelemetryModel

/// What the pipeline made of each raw series, by reference: worked out when a series is first seen, looked up ever after.
///
/// What every sample needs lies in plain columns.
struct CompiledSeries {
    /// How a series' samples are handled.
    enum Kind: UInt8 {
        case unknown
        /// A stage drops it.
        case dropped
        /// Stored as it is.
        case plain
        /// Its samples go through steps, and are stored as these leave them.
        case stepped
        /// Every record of the series is an operational event; it may have steps, too.
        case operational
    }

    let registry: SeriesRegistry
    let pipeline: ProcessingPipeline
    let store: EmbeddedStore
    /// By raw reference, as are `accounts`, `ids`, `labels` and `steps`.
    private(set) var kinds: [Kind] = []
    private(set) var accounts: [Int32] = []
    /// Nil if no sample of the series is stored.
    private(set) var ids: [StoredSeriesID?] = []
    /// Under which samples are stored; nil if a stage drops the series.
    private(set) var labels: [LabelSet?] = []
    /// Places in `boundSteps`: of all series in one column, so that no sample counts references to a list of its own.
    private(set) var steps: [Range<Int32>] = []
    private(set) var boundSteps: [BoundStep] = []
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
        let isOperational = severity.map { $0 >= .lowestOperational } ?? false
        let firstStep = Int32(boundSteps.count)
        boundSteps += run.bind(plan)
        steps[index] = firstStep..<Int32(boundSteps.count)
        // A series of which nothing is stored would be in the index for nothing.
        if !plan.isFullyAggregated { ids[index] = store.id(for: plan.labels) }
        labels[index] = plan.labels
        kinds[index] = isOperational ? .operational : steps[index].isEmpty ? .plain : .stepped
    }

    /// Of a series that is stored, by raw reference.
    func steps(of index: Int) -> some Sequence<BoundStep> {
        steps[index].lazy.map { boundSteps[Int($0)] }
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
        labels.append(contentsOf: repeatElement(nil, count: added))
        steps.append(contentsOf: repeatElement(0..<0, count: added))
    }

    /// The id under which a series' samples are stored, given to it when the first one is.
    mutating func id(of index: Int) -> StoredSeriesID? {
        if let id = ids[index] { return id }
        guard let labels = labels[index] else { return nil }
        let id = store.id(for: labels)
        ids[index] = id
        return id
    }
}

/// What one stage did with series that have been seen.
package struct StageSeriesCounts: Sendable, Equatable {
    package var dropped = 0
    package var relabelled = 0
}
