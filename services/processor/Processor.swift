import Dispatch
package import EmbeddedStore
import Foundation
package import IngestLog
package import Logging
package import Processing
import SelfMetrics
import Synchronization
import TelemetryModel

/// The loop from the log to the store, on a thread of its own.
///
/// Batches come straight from memory right after their commit. What does not fit the buffer, and everything at start, is read
/// from the log instead: nothing is lost by dropping the buffer. Thread-safe.
package final class Processor: Sendable {
    package struct Options: Sendable {
        package var flushPolicy = EmbeddedStore.FlushPolicy()
        /// After so many, windows are looked over before it is time, so that a flood is written as it comes.
        package var recordsBetweenFlushes = 1_000_000
        /// Records kept in memory between commit and processing.
        package var maximumBufferedRecords = 2_000_000
        /// Records on disk and not processed over which new requests are refused.
        package var maximumPendingRecords = 20_000_000
        /// Whether a clean stop writes all of the head into blocks, so that the next start has nothing to read back.
        package var flushesAtStop = true
        /// The time, milliseconds since 1970, by which aggregation windows close.
        package var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

        package init() {}
    }

    struct Buffer {
        var batches: [CommittedBatch] = []
        /// And exemplars.
        var records = 0
        var isStopping = false
    }

    package let ledger: Ledger
    package let options: Options
    let log: IngestLog
    let store: EmbeddedStore
    let logger: Logger
    let buffer = Mutex(Buffer())
    let work = DispatchSemaphore(value: 0)
    let applied: AppliedPosition
    let flushRequested = Atomic<Bool>(false)
    /// Records applied since windows were last looked over.
    private let recordsSinceFlush = Atomic<Int>(0)
    let tasks = ProcessorTasks()
    let applier: Mutex<BatchApplier>
    private let history: Mutex<PipelineHistory>
    let pipelineTotals: PipelineTotals
    let aggregates: AggregateWriter
    /// When aggregates that could not be written are tried again, milliseconds since 1970.
    let retryAggregatesAt = Atomic<Int64>(0)
    let refusals: RefusalWriter
    let flusher: Flusher
    package let compactor: Compactor
    private let finished = DispatchSemaphore(value: 0)

    /// Connects to the log; `start` begins the work.
    package init(
        log: IngestLog, store: EmbeddedStore, pipeline source: PipelineSource = .empty, options: Options = Options(),
        logger: Logger
    ) throws {
        self.log = log
        self.store = store
        self.options = options
        self.logger = logger
        for damage in log.damages {
            logger.critical("acknowledged requests are missing", metadata: ["damage": "\(damage)"])
        }
        try log.continueAfter(store.newestBlockOffset)
        let checkpoint = try log.ledgerCheckpoint()
        let ledger = Ledger(checkpoint, pending: try log.recordCount(after: checkpoint.offset))
        self.ledger = ledger
        let oldest = try log.oldestOffset() ?? log.durableOffset + 1
        applied = AppliedPosition(
            start: oldest - 1, target: log.durableOffset, records: try log.recordCount(after: oldest - 1))
        let history = try PipelineHistory(
            log, source: source, next: oldest, end: log.durableOffset, logger: logger)
        let aggregator = Aggregator(emittedThrough: try log.positions(withPrefix: AggregateWriter.positionPrefix))
        applier = Mutex(
            BatchApplier(
                registry: log.registry, pipeline: history.first, aggregator: aggregator, store: store, ledger: ledger))
        pipelineTotals = PipelineTotals(try source.pipeline(), source: source)
        self.history = Mutex(history)
        aggregates = AggregateWriter(log: log) { [work] in work.signal() }
        let refused = try log.positions(withPrefix: RefusalWriter.position)[""] ?? 0
        refusals = RefusalWriter(log: log, through: refused)
        compactor = Compactor(store: store, logger: logger)
        flusher = Flusher(log: log, store: store, ledger: ledger, applied: applied, logger: logger)
        let needed = Flusher.NeededOffset { [needed = BufferBox(self)] in needed.processor?.oldestNeededOffset }
        flusher.neededOffset.withLock { $0 = needed }
        store.onDamage { report in
            logger.critical(
                "a damaged block was set aside; what can be read of it is served",
                metadata: [
                    "file": "\(report.file)", "reason": "\(report.reason)", "samples": "\(report.samples)",
                    "lost_samples": "\(report.lostSamples)", "served_as": "\(report.salvagedAs ?? "nothing")",
                ])
        }
        log.deliverCommits { [buffer = BufferBox(self)] batches in buffer.processor?.deliver(batches) }
    }

    package func start() {
        let thread = Thread { [self] in
            run()
            finished.signal()
        }
        thread.name = "heliograph.processor"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Moves windows that are due out of the head into blocks, in the background. To be called every so often.
    package func flushDueWindows() {
        flushRequested.store(true, ordering: .relaxed)
        work.signal()
    }

    /// Processes everything that is on disk and can be read, moves it into blocks, then ends. The log must have been closed to
    /// new requests before.
    package func stop() {
        buffer.withLock { $0.isStopping = true }
        work.signal()
        finished.wait()
        compactor.stop()
        flusher.stop()
        if options.flushesAtStop { flushEverything() }
        tasks.finish()
        applied.finish()
    }

    /// Twice, because what an earlier flush could not write goes first. What fails stays in the log.
    private func flushEverything() {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for _ in 0..<2 where store.detachAll(through: applied.offset) { flusher.flushNow(now: now) }
        flusher.flushExemplarsNow()
    }

    /// Returns when everything that is durable now is visible to queries.
    package func waitUntilVisible() async { await applied.wait(for: log.durableOffset) }

    package func waitUntilApplied(_ offset: Int64) async { await applied.wait(for: offset) }

    package var appliedOffset: Int64 { applied.offset }
    /// Between 0 and 1: how much of what was in the log at start has been read back.
    package var replayProgress: Double { applied.replayProgress }
    package var replay: ReplayProgress { applied.replay }
    package var flushCounters: FlushCounters { flusher.counters }
    package var isBehind: Bool { ledger.pending > options.maximumPendingRecords }

    fileprivate func deliver(_ batches: [CommittedBatch]) {
        ledger.committed(records: batches.reduce(0) { $0 + $1.batch.count })
        buffer.withLock { buffer in
            buffer.batches.append(contentsOf: batches)
            buffer.records += batches.reduce(0) { $0 + $1.batch.weight }
            // The oldest go: they are on disk, and the loop reads them from there.
            while buffer.records > options.maximumBufferedRecords, !buffer.batches.isEmpty {
                buffer.records -= buffer.batches.removeFirst().batch.weight
            }
        }
        work.signal()
    }

    private func run() {
        let replayThrough = applied.target
        while true {
            let round = drain(replayThrough: replayThrough)
            if flushRequested.exchange(false, ordering: .relaxed) { requestFlush() }
            tasks.runAll(applied: applied.offset)
            // What cannot be read now is in the log still, and the next start begins with it.
            if round != .progress, buffer.withLock({ $0.isStopping }) { return }
            switch round {
            case .progress: break
            case .drained: sleep()
            case .stalled: _ = work.wait(timeout: .now() + Processor.retryInterval)
            }
        }
    }

    /// Until there is something to do.
    private func sleep() {
        let now = options.now()
        closeWindows(at: now)
        refusals.resume()
        guard let interval = nextWindow(now: now) else { return work.wait() }
        _ = work.wait(timeout: .now() + interval)
    }

    /// What came of a round of the loop.
    private enum Round {
        case progress
        /// Nothing was left to do.
        case drained
        /// The log could not be read, or what was refused could not be written; worth another attempt.
        case stalled
    }

    /// Before the next attempt after an error.
    private static let retryInterval = DispatchTimeInterval.seconds(1)

    private func drain(replayThrough: Int64) -> Round {
        if refusals.isFull {
            refusals.resume()
            return .stalled
        }
        let position = applied.offset
        let durable = log.durableOffset
        guard position < durable else {
            applied.advance(to: position)
            return .drained
        }
        let ready = buffer.withLock { buffer -> [CommittedBatch] in
            buffer.batches.removeAll { $0.offset <= position }
            guard buffer.batches.first?.offset == position + 1 else {
                buffer.records = buffer.batches.reduce(0) { $0 + $1.batch.weight }
                return []
            }
            defer { (buffer.batches, buffer.records) = ([], 0) }
            return buffer.batches
        }
        if ready.isEmpty { return readFromLog(after: position, replayThrough: replayThrough) }
        for batch in ready { apply(batch, isReplay: batch.offset <= replayThrough) }
        return .progress
    }

    /// Applies what is on disk after `position`, while another thread reads ahead.
    private func readFromLog(after position: Int64, replayThrough: Int64) -> Round {
        do {
            let replay = try log.replay(after: position)
            defer { replay.cancel() }
            while let entries = try replay.next() {
                for entry in entries {
                    switch entry {
                    case .batch(let batch): apply(batch, isReplay: batch.offset <= replayThrough)
                    case .damaged(let damage): passOver(damage)
                    }
                }
                if flushRequested.exchange(false, ordering: .relaxed) { requestFlush() }
                tasks.runAll(applied: applied.offset)
            }
            // Offsets without batches at the end.
            applied.advance(to: replay.through)
            return .progress
        } catch {
            logger.error("cannot read the log; trying again in a second", metadata: ["error": "\(error)"])
            return .stalled
        }
    }

    /// Batches that cannot be read stay in the ledger, as dropped, under a source of its own, and do not stop the others.
    private func passOver(_ damage: DamagedBatches) {
        logger.critical("acknowledged batches cannot be read", metadata: ["damage": "\(damage)"])
        var counts: [(slot: Int, counts: LedgerCounts)] = []
        // Records that nobody can count stay in the ledger as pending.
        let lost = damage.records
        for ingestProtocol in IngestProtocol.allCases {
            guard let records = lost?[ingestProtocol], records > 0 else { continue }
            let key = Ledger.Key(ingestProtocol: ingestProtocol, sourceID: "(unreadable batch)")
            counts.append(
                (ledger.slot(for: key), LedgerCounts(accepted: records, stored: 0, duplicate: 0, dropped: records)))
        }
        ledger.applied(offset: damage.last, records: lost?.sum ?? 0, counts)
        applied.advance(to: damage.last, records: lost?.sum ?? 0)
    }

    private func apply(_ batch: CommittedBatch, isReplay: Bool) {
        if let pipeline = history.withLock({ $0.change(at: batch.offset) }) {
            applier.withLock { $0.replace(pipeline) }
        }
        // What arrived by then has been processed, but for what a request that is under way brings.
        closeWindows(at: batch.receivedAt)
        let (outcome, pipeline) = applier.withLock { ($0.apply(batch, isReplay: isReplay), $0.run.pipeline) }
        if !batch.batch.exemplars.isEmpty, store.hasManyExemplars { flusher.wakeForExemplars() }
        if !outcome.refused.isEmpty { refusals.keep(outcome.refused, of: batch) }
        if ledger.applied(offset: batch.offset, records: batch.batch.count, outcome.counts) {
            pipelineTotals.add(outcome.stages, of: pipeline, records: batch.batch.count)
        }
        applied.advance(to: batch.offset, records: batch.batch.count)
        if recordsSinceFlush.add(batch.batch.count, ordering: .relaxed).newValue >= options.recordsBetweenFlushes {
            flushRequested.store(true, ordering: .relaxed)
        }
    }

    private func requestFlush() {
        recordsSinceFlush.store(0, ordering: .relaxed)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        if store.detach(dueAt: now, policy: options.flushPolicy, through: applied.offset) {
            flusher.wake(now: now)
        } else if store.hasExemplarsToWrite {
            flusher.wakeForExemplars()
        }
    }
}

/// Keeps the log from keeping the processor alive.
private final class BufferBox: Sendable {
    private let reference: Mutex<WeakProcessor>

    private struct WeakProcessor: Sendable { weak var processor: Processor? }

    init(_ processor: Processor) { reference = Mutex(WeakProcessor(processor: processor)) }

    var processor: Processor? { reference.withLock { $0.processor } }
}
