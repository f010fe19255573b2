import EmbeddedStore
import FaultDisk
import Foundation
import GRDB
import IngestLog
import Logging
import Processing
import Processor
import SelfMetrics
import Synchronization
import TelemetryModel
import TestSupport
import TimeSeriesStore

/// Log, processor and store over one folder, as the executable composes them.
final class Node {
    let folder: String
    let registry = SeriesRegistry()
    let log: IngestLog
    let store: EmbeddedStore
    let processor: Processor
    private(set) var hasFailedToFlush = false
    private let report = NodeReport()
    private let isOff: @Sendable () -> Bool

    /// - Parameters:
    ///   - isEager: every flush takes all windows, not only those that are over.
    ///   - bufferedRecords: what the processor keeps in memory; the rest it reads back from the log.
    ///   - isOff: whether the power is gone, so that what fails will always fail.
    init(
        _ folder: String, files: any StoreFiles = DiskFiles(), isEager: Bool = true, bufferedRecords: Int = 100,
        isOff: @escaping @Sendable () -> Bool = { false }
    ) throws {
        self.folder = folder
        self.isOff = isOff
        log = try IngestLog(folder: folder, registry: registry)
        do {
            store = try EmbeddedStore(dataFolder: folder, files: files)
            var options = Processor.Options()
            if isEager { options.flushPolicy.longestStayMilliseconds = 0 }
            options.maximumBufferedRecords = bufferedRecords
            processor = try Processor(
                log: log, store: store, options: options,
                logger: Logger(label: "faults") { [report] _ in NodeListener(report: report) })
        } catch {
            try? log.close()
            throw error
        }
        processor.start()
    }

    /// Asks for a flush, if there is anything to flush, and waits until it has ended, well or not.
    func flush() async {
        while processor.appliedOffset < log.durableOffset {
            guard await becomesVisible() || !isOff() else {
                hasFailedToFlush = true
                return
            }
        }
        guard store.statistics.headWindows > 0 || hasFailedToFlush else { return }
        let counters = processor.flushCounters
        let before = (blocks: counters.blocks.value, failures: counters.failures.value)
        processor.flushDueWindows()
        repeat { await report.flushEnded() } while (counters.blocks.value, counters.failures.value) == before
        hasFailedToFlush = counters.blocks.value == before.blocks
    }

    /// What was warned of, or worse.
    var warnings: [String] { report.messages.withLock { $0 } }

    /// Waits until all that is durable is visible; false if the log cannot be read so far.
    func becomesVisible() async -> Bool {
        Task { [processor, report] in
            await processor.waitUntilVisible()
            report.progress.continuation.yield(true)
        }
        var iterator = report.progress.stream.makeAsyncIterator()
        return await iterator.next() ?? false
    }

    /// Folds the log's WAL into its file, as SQLite does by itself when the WAL is longer than it ever gets here.
    func checkpoint() throws {
        let queue = try DatabaseQueue(path: "\(folder)/log.sqlite")
        try queue.inDatabase { try $0.execute(sql: "PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(PASSIVE)") }
        try queue.close()
    }

    func stop() throws { try Self.stop(log, processor) }

    /// Whether `stop()`, on a thread of its own, comes to an end in time. If it does not, that thread stays.
    func stops(within patience: DispatchTimeInterval) async -> Bool {
        let (ends, source) = AsyncStream.makeStream(of: Bool.self)
        Thread.detachNewThread { [log, processor] in
            try? Self.stop(log, processor)
            source.yield(true)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience) { source.yield(false) }
        return await ends.first { _ in true } ?? false
    }

    private static func stop(_ log: IngestLog, _ processor: Processor) throws {
        log.stopAccepting()
        processor.stop()
        try log.close()
    }

    func samples() throws -> [LabelSet: SelectedSeries] {
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        return Dictionary(uniqueKeysWithValues: found.map { ($0.labels, $0) })
    }

    func deadLetters() throws -> [DeadLetter] {
        var selection = DeadLetterSelection()
        selection.limit = .max
        return try log.deadLetters(selection)
    }
}

/// What the processor says in its log: it is the only one that tells when a flush has ended, and what could not be read.
private final class NodeReport: Sendable {
    let messages = Mutex<[String]>([])
    private let flushes = AsyncStream.makeStream(of: Void.self)
    /// True: all is visible. False: the log cannot be read on.
    let progress = AsyncStream.makeStream(of: Bool.self)

    func arrive(_ event: LogEvent) {
        let message = "\(event.message)"
        if event.level >= .warning {
            messages.withLock { $0.append("\(message) \(event.metadata.map { "\($0)" } ?? "")") }
        }
        if message.hasPrefix("flush") { flushes.continuation.yield() }
        if message.hasPrefix("cannot read the log") { progress.continuation.yield(false) }
    }

    func flushEnded() async {
        var iterator = flushes.stream.makeAsyncIterator()
        _ = await iterator.next()
    }
}

private struct NodeListener: LogHandler {
    let report: NodeReport
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { report.arrive(event) }
}

/// How often each randomized test repeats itself.
let faultRounds = ProcessInfo.processInfo.environment["HELIOGRAPH_FAULT_ROUNDS"].flatMap { Int($0) } ?? 3
