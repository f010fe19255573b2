import EmbeddedStore
import FaultDisk
import Foundation
import IngestLog
import Logging
import Processing
import Processor
import SelfMetrics
import TelemetryModel
import TestSupport
import TimeSeriesStore

/// Log, processor and store over one folder, as the executable composes them.
final class Node {
    let registry = SeriesRegistry()
    let log: IngestLog
    let store: EmbeddedStore
    let processor: Processor
    private(set) var hasFailedToFlush = false

    /// - Parameter isEager: every flush takes all windows, not only those that are over.
    init(_ folder: String, files: any StoreFiles = DiskFiles(), isEager: Bool = true) throws {
        log = try IngestLog(folder: folder, registry: registry)
        do {
            store = try EmbeddedStore(dataFolder: folder, files: files)
            var options = Processor.Options()
            if isEager { options.flushPolicy.longestStayMilliseconds = 0 }
            options.maximumBufferedRecords = 100
            processor = try Processor(
                log: log, store: store, pipeline: ProcessingPipeline(), options: options,
                logger: Logger(label: "faults") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            try? log.close()
            throw error
        }
        processor.start()
    }

    /// Asks for a flush, if there is anything to flush, and waits until it has ended, well or not.
    func flush() async {
        await processor.waitUntilVisible()
        guard store.statistics.windows > 0 || hasFailedToFlush else { return }
        let counters = processor.flushCounters
        let before = (blocks: counters.blocks.value, failures: counters.failures.value)
        processor.flushDueWindows()
        while (counters.blocks.value, counters.failures.value) == before { await Task.yield() }
        hasFailedToFlush = counters.failures.value > before.failures
    }

    func stop() throws {
        log.stopAccepting()
        processor.stop()
        try log.close()
    }

    func samples() throws -> [LabelSet: SampleColumns] {
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        return Dictionary(uniqueKeysWithValues: found.map { ($0.labels, $0.samples) })
    }

    func deadLetters() throws -> [DeadLetter] {
        var selection = DeadLetterSelection()
        selection.limit = .max
        return try log.deadLetters(selection)
    }
}

/// How often each randomized test repeats itself.
let faultRounds = ProcessInfo.processInfo.environment["HELIOGRAPH_FAULT_ROUNDS"].flatMap { Int($0) } ?? 3
