import EmbeddedStore
import IngestLog
import Processing
import TelemetryModel

/// Takes batches through the pipeline into the store and says what became of their records.
struct BatchApplier {
    /// One batch's outcome.
    struct Outcome {
        /// Counts per account of the ledger.
        var counts: [(slot: Int, counts: LedgerCounts)] = []
        /// By stage of the pipeline.
        var stages: [StageCounts] = []
        var refused: [RejectedRecord] = []
    }

    private(set) var run: PipelineRun
    /// What senders brought.
    private(set) var series: CompiledSeries
    /// What was made here, by rules and by aggregation: no stage looks at it.
    private var own: CompiledSeries
    private let store: EmbeddedStore
    private let ledger: Ledger
    private var tally = AccountTally()
    /// The ledger's slot by account, per protocol; nil until one is asked for.
    private var slots: [IngestProtocol: [Int?]] = [:]

    init(
        registry: SeriesRegistry, pipeline: ProcessingPipeline, aggregator: Aggregator = Aggregator(),
        store: EmbeddedStore, ledger: Ledger
    ) {
        run = PipelineRun(pipeline, aggregator: aggregator)
        series = CompiledSeries(registry: registry, pipeline: pipeline, store: store)
        own = CompiledSeries(registry: registry, pipeline: .empty, store: store)
        self.store = store
        self.ledger = ledger
    }

    /// The batches that follow go through another pipeline. Windows that are open stay open.
    mutating func replace(_ pipeline: ProcessingPipeline) {
        run = PipelineRun(pipeline, aggregator: run.aggregator)
        series = CompiledSeries(registry: series.registry, pipeline: pipeline, store: store)
        slots = slots.filter { $0.key.isOwn }
    }

    mutating func aggregator<Result>(_ body: (inout Aggregator) -> Result) -> Result { body(&run.aggregator) }

    mutating func apply(_ committed: CommittedBatch, isReplay: Bool) -> Outcome {
        // Moved out and back, so that neither is copied when it changes.
        let isOwn = committed.ingestProtocol.isOwn
        if isOwn { swap(&series, &own) }
        defer { if isOwn { swap(&series, &own) } }
        let batch = committed.batch
        series.compile(batch.references, &run)
        tally.begin(accounts: series.sources.count)
        var outcome = Outcome()
        if batch.messages.isEmpty, batch.references.allSatisfy({ series.kinds[Int($0.rawValue)] == .plain }) {
            applyPlain(committed, isReplay)
        } else {
            outcome.refused = applyOneByOne(committed, isReplay)
        }
        if !batch.exemplars.isEmpty { applyExemplars(committed, isReplay) }
        outcome.counts = tally.finish().map { account, counts in
            (slot: slot(of: Int(account), committed.ingestProtocol), counts: counts)
        }
        if !run.pipeline.isEmpty { outcome.stages = run.takeCounts() }
        return outcome
    }

    /// Exemplars share the fate of their series: a series of which nothing is stored, or nothing but an aggregate, has none.
    private mutating func applyExemplars(_ committed: CommittedBatch, _ isReplay: Bool) {
        let batch = committed.batch
        series.compile(batch.exemplars.map(\.series), &run)
        var kept: [(series: StoredSeriesID, exemplar: Exemplar)] = []
        var newest: [Int32: Int64]?
        for entry in batch.exemplars {
            let position = Int(entry.series.rawValue)
            // One that is aggregated has a number once it had a histogram, which goes on as it is.
            guard let id = series.ids[position] else { continue }
            let exemplar = PipelineRun.process(
                entry.exemplar, series.steps(of: position), arrivedAt: committed.receivedAt
            ) {
                if newest == nil { newest = batch.newestTimes(by: series.accounts) }
                return newest?[series.accounts[position]] ?? entry.exemplar.timestamp
            }
            if let exemplar { kept.append((id, exemplar)) }
        }
        store.countExemplars(droppedByPipeline: batch.exemplars.count - kept.count)
        store.append(exemplars: kept, offset: committed.offset, isReplay: isReplay)
    }

    private mutating func slot(of account: Int, _ ingestProtocol: IngestProtocol) -> Int {
        var known = slots.removeValue(forKey: ingestProtocol) ?? []
        defer { slots[ingestProtocol] = known }
        if account >= known.count { known.append(contentsOf: repeatElement(nil, count: account + 1 - known.count)) }
        if let slot = known[account] { return slot }
        let slot = ledger.slot(for: Ledger.Key(ingestProtocol: ingestProtocol, sourceID: series.sources[account]))
        known[account] = slot
        return slot
    }

    /// All records are stored as they came: the batch's own columns go to the store.
    private mutating func applyPlain(_ committed: CommittedBatch, _ isReplay: Bool) {
        let batch = committed.batch
        var ids: [StoredSeriesID] = []
        ids.reserveCapacity(batch.count)
        for reference in batch.references {
            let index = Int(reference.rawValue)
            // A plain series has an id.
            if let id = series.ids[index] { ids.append(id) }
            tally.accepted(series.accounts[index], .stored)
        }
        let duplicates = store.append(
            ids, timestamps: batch.timestamps, values: batch.values, histograms: batch.histograms,
            starts: batch.starts, events: [], offset: committed.offset, arrivedAt: committed.receivedAt,
            isReplay: isReplay)
        for index in duplicates { tally.duplicate(series.accounts[Int(batch.references[index].rawValue)]) }
    }

    /// - Returns: what the pipeline refused.
    private mutating func applyOneByOne(_ committed: CommittedBatch, _ isReplay: Bool) -> [RejectedRecord] {
        let batch = committed.batch
        var kept = KeptRecords(capacity: batch.count)
        var records = BatchRecords(batch)
        var newest: [Int32: Int64]?
        var refused: [RejectedRecord] = []
        // What rules make of a source's samples is no event of that source, whatever severity its labels have.
        let isObserved = !committed.ingestProtocol.isOwn
        for index in 0..<batch.count {
            let reference = batch.references[index]
            let position = Int(reference.rawValue)
            let account = series.accounts[position]
            let details = records.details(of: index)
            let kind = series.kinds[position]
            guard kind != .dropped else {
                if let stage = series.droppedBy[reference] { run.countDropped(by: stage) }
                tally.accepted(account, .dropped)
                continue
            }
            var sample = PipelineSample(
                timestamp: batch.timestamps[index], value: batch.values[index],
                startTimestamp: details.startTimestamp, isHistogram: details.histogram != nil,
                receivedAt: committed.receivedAt)
            let steps = series.steps[position]
            let fate =
                steps.isEmpty
                ? .kept
                : run.process(&sample, steps, of: series.boundSteps, offset: committed.offset) {
                    if newest == nil { newest = batch.newestTimes(by: series.accounts) }
                    return newest?[account] ?? batch.timestamps[index]
                }
            switch fate {
            case .dropped: tally.accepted(account, .dropped)
            case .refused(let refusal):
                tally.accepted(account, .refused)
                refused.append(
                    PipelineLetter(
                        labels: series.registry.labels(of: reference), timestamp: batch.timestamps[index],
                        value: batch.values[index], details: details
                    ).record(refusal, index: index))
            case .kept:
                guard let id = series.id(of: position) else { continue }
                if details.message != nil || (kind == .operational && isObserved),
                    let labels = series.labels[position]
                {
                    kept.events.append(
                        (
                            kept.ids.count,
                            OperationalEvent(
                                timestamp: sample.timestamp, labels: labels, value: sample.value,
                                message: details.message)
                        ))
                }
                kept.append(sample, id: id, account: account, histogram: details.histogram)
                tally.accepted(account, .stored)
            }
        }
        let duplicates = store.append(
            kept.ids, timestamps: kept.timestamps, values: kept.values, histograms: kept.histograms,
            starts: kept.starts, events: kept.events, offset: committed.offset, arrivedAt: committed.receivedAt,
            isReplay: isReplay)
        for index in duplicates { tally.duplicate(kept.accounts[index]) }
        return refused
    }
}

extension IngestProtocol {
    /// Made here, from what is stored already.
    var isOwn: Bool { self == .rules || self == .aggregation }
}

extension TelemetryBatch {
    /// The newest time of each account.
    fileprivate func newestTimes(by accounts: [Int32]) -> [Int32: Int64] {
        var newest: [Int32: Int64] = [:]
        for (reference, timestamp) in zip(references, timestamps) {
            newest[accounts[Int(reference.rawValue)], default: .min] = max(
                timestamp, newest[accounts[Int(reference.rawValue)]] ?? .min)
        }
        return newest
    }
}
