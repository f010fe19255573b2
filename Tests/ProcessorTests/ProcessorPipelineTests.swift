import EmbeddedStore
import Foundation
import IngestLog
import Logging
import NativeHistograms
import Processing
import Synchronization
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore
import WireFormats

@testable import Processor

/// The pipeline between log and store: what restarts, reloads and refusals do.
@Suite struct ProcessorPipelineTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private final class TestClock: Sendable {
        private let time = Mutex<Int64>(0)
        var now: Int64 {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    private struct Node {
        let registry = SeriesRegistry()
        let log: IngestLog
        let store: EmbeddedStore
        let processor: Processor

        init(_ folder: String, _ stages: String, flushesAtStop: Bool = false, clock: TestClock = TestClock()) throws {
            log = try IngestLog(folder: folder, registry: registry)
            store = try EmbeddedStore(dataFolder: folder)
            var options = Processor.Options()
            options.flushesAtStop = flushesAtStop
            options.now = { clock.now }
            // What is flushed at a stop is all that is.
            options.flushPolicy.longestStayMilliseconds = .max / 2
            processor = try Processor(
                log: log, store: store, pipeline: Self.source(stages), options: options,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            processor.start()
        }

        static func source(_ stages: String) -> PipelineSource {
            PipelineSource(name: "p.yml", text: "stages: [\(stages)]", lookups: [:])
        }

        func send(
            _ metric: String, _ samples: [(time: Int64, value: Double)], pod: String = "a", at arrival: Int64,
            message: String? = nil
        ) async throws {
            var batch = TelemetryBatch()
            let labels = LabelSet(["__name__": metric, "source_id": "s", "pod": pod])
            for sample in samples {
                if let message { batch.messages.append(RecordMessage(sampleIndex: batch.count, text: message)) }
                batch.append(try #require(registry.reference(for: labels)), at: sample.time, value: sample.value)
            }
            let offset = try await log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: arrival))
            await processor.waitUntilApplied(offset)
        }

        func stop() throws {
            log.stopAccepting()
            processor.stop()
            try log.close()
        }

        func samples(_ metric: String) throws -> [Int64: Double] {
            let found = try store.select(
                SeriesSelection(matchers: [LabelMatcher("__name__", .equal(metric))], range: .all),
                budget: QueryBudget())
            return Dictionary(uniqueKeysWithValues: found.flatMap { zip($0.samples.timestamps, $0.samples.values) })
        }

        var ledger: LedgerSnapshot { processor.ledger.snapshot(of: log) }
    }

    @Test func aRestartReadsTheLogThroughThePipelineOfThen() async throws {
        var node = try Node(folder.path, "{drop: b}")
        try await node.send("a", [(1, 1)], at: 1)
        try await node.send("b", [(1, 1)], at: 1)
        try await Task { [processor = node.processor] in
            try processor.replacePipeline(with: Node.source("{drop: a}, {unit: {match: b, multiply: 2}}"))
        }.value
        try await node.send("a", [(2, 2)], at: 2)
        try await node.send("b", [(2, 2)], at: 2)
        func check(_ node: Node) throws {
            #expect(try node.samples("a") == [1: 1])
            #expect(try node.samples("b") == [2: 4])
            #expect(node.ledger.totals == (stored: 2, duplicate: 0, dropped: 2, deadLettered: 0))
            #expect(node.ledger.isBalanced)
        }
        try check(node)
        try node.stop()
        // The file has changed in the meantime: that is for what comes from now on.
        node = try Node(folder.path, "{drop: '{pod=\"a\"}'}")
        await node.processor.waitUntilVisible()
        try check(node)
        try await node.send("b", [(3, 3)], at: 3)
        #expect(try node.samples("b") == [2: 4])
        try node.stop()
    }

    @Test func aPipelineThatCannotBeReadChangesNothing() async throws {
        let node = try Node(folder.path, "{drop: b}")
        await #expect(throws: PipelineFaults.self) {
            try await Task { [processor = node.processor] in
                try processor.replacePipeline(with: Node.source("{dorp: a}"))
            }.value
        }
        try await node.send("b", [(1, 1)], at: 1)
        #expect(try node.samples("b").isEmpty)
        #expect(node.processor.pipelineStatus.stages.map(\.counts.dropped) == [1])
        #expect(node.processor.pipelineStatus.stages.map(\.series.dropped) == [1])
        try node.stop()
    }

    @Test func whatThePipelineRefusesIsKeptOnce() async throws {
        var node = try Node(folder.path, "{name: sane, bounds: {max: 10}}")
        try await node.send("m", [(1, 1), (2, 11), (3, 3)], at: 5)
        try await node.send("m", [(4, 12)], at: 6, message: "too \"hot\"\n")
        func check(_ node: Node) throws {
            // The log's thread keeps them; the next commit comes after.
            let letters = try node.log.deadLetters(DeadLetterSelection())
            #expect(letters.map(\.reason) == ["refused_by_pipeline", "refused_by_pipeline"])
            #expect(letters.map(\.recordIndex) == [0, 1])
            #expect(letters.map(\.sourceID) == ["s", "s"])
            #expect(letters.last?.message == "metric_value: 11.0 is not from -inf to 10.0 (stage \"sane\")")
            #expect(
                letters.last.map { String(decoding: $0.payload, as: UTF8.self) }
                    == #"{"timestamp":"1970-01-01T00:00:00.002Z","source_id":"s","metric_name":"m","metric_value":11,"tags":{"pod":"a"}}"#
            )
            #expect(
                letters.first.map { String(decoding: $0.payload, as: UTF8.self) }?.contains(
                    #""metric_value":12,"message":"too \"hot\"\u000a""#) == true)
            #expect(node.ledger.totals == (stored: 3, duplicate: 0, dropped: 0, deadLettered: 2))
            #expect(node.ledger.isBalanced)
        }
        try await node.send("m", [(5, 5)], at: 7)
        while try node.log.deadLetters(DeadLetterSelection()).count < 2 { await Task.yield() }
        try check(node)
        try node.stop()
        for flushes in [false, true, false] {
            node = try Node(folder.path, "{name: sane, bounds: {max: 10}}", flushesAtStop: flushes)
            await node.processor.waitUntilVisible()
            try check(node)
            #expect(try node.samples("m") == [1: 1, 3: 3, 5: 5])
            try node.stop()
        }
        #expect(try LogVerification.verify(folder: folder.path, isInUse: false).problems == [])
    }

    @Test func whatARefusedRecordIsBesideItsValueIsKept() async throws {
        let node = try Node(folder.path, "{name: fresh, clock: {max_age: 1h}}")
        let labels = LabelSet(["__name__": "m", "source_id": "s"])
        let reference = try #require(node.registry.reference(for: labels))
        let arrival: Int64 = 7_200_000
        let histogram = NativeHistogram(
            schema: 1, zeroThreshold: 0.001, zeroCount: 1, count: 4, sum: 12.5,
            positiveSpans: [NativeHistogram.Span(offset: 1, length: 2)], positiveBuckets: [1, 2])
        var batch = TelemetryBatch()
        batch.append(reference, at: 2000, value: 5)
        batch.append(reference, at: 3000, histogram: histogram)
        batch.append(reference, at: 4000, value: 6)
        batch.starts = [
            RecordStart(sampleIndex: 0, startTimestamp: 1000), RecordStart(sampleIndex: 1, startTimestamp: 1500),
        ]
        _ = try await node.log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: .otlp, receivedAt: arrival))
        while try node.log.deadLetters(DeadLetterSelection()).count < 3 { await Task.yield() }
        let letters = try node.log.deadLetters(DeadLetterSelection()).sorted { $0.recordIndex < $1.recordIndex }
        #expect(letters.map(\.parameters) == ["start_timestamp=1000", "form=series", ""])
        let again = try RemoteWriteDecoder(registry: node.registry).decode(series: letters[1].payload).request.batch
        #expect(again.timestamps == [3000] && again.references == [reference])
        #expect(again.histograms.map(\.histogram) == [histogram])
        #expect(again.starts == [RecordStart(sampleIndex: 0, startTimestamp: 1500)])
        try node.stop()
    }

    /// Windows that were open at a stop are closed with all their samples after it, whether or not the samples are in blocks; and
    /// none is given twice.
    @Test(arguments: [false, true]) func aggregatesAreExactAcrossRestarts(flushesAtStop: Bool) async throws {
        let stages = "{aggregate: {match: m, interval: 1m, horizon: 10s, by: source_id, outputs: [sum, increase]}}"
        let start: Int64 = 1_700_000_040_000
        var expectedSum: [Int64: Double] = [:]
        let clock = TestClock()
        var node = try Node(folder.path, stages, flushesAtStop: flushesAtStop, clock: clock)
        for index in 0..<40 {
            let time = start + Int64(index) * 10_000
            clock.now = time + 500
            try await node.send("m", [(time, Double(index))], pod: "a", at: time + 500)
            try await node.send("m", [(time + 1, Double(index))], pod: "b", at: time + 500)
            for stamp in [time, time + 1] {
                expectedSum[(stamp + 59_999) / 60_000 * 60_000, default: 0] += Double(index)
            }
            if index % 7 == 3 {
                try node.stop()
                node = try Node(folder.path, stages, flushesAtStop: flushesAtStop, clock: clock)
                await node.processor.waitUntilVisible()
            }
        }
        clock.now = start + 1_000_000
        node.processor.flushDueWindows()
        while node.processor.pipelineStatus.openSamples > 0 { await Task.yield() }
        await node.processor.waitUntilVisible()
        #expect(try node.samples("m:1m_sum") == expectedSum)
        let increases = try node.samples("m:1m_increase")
        // Two series rise by one each ten seconds.
        #expect(increases.filter { $0.key > start + 60_000 && $0.key < start + 390_000 }.allSatisfy { $0.value == 12 })
        #expect(try node.samples("m").isEmpty)
        #expect(node.ledger.isBalanced)
        #expect(node.ledger.totals.dropped == 80)
        #expect(node.ledger.totals.duplicate == 0)
        try node.stop()
    }

    @Test func rulesAndAggregatesGoThroughNoStage() async throws {
        let node = try Node(folder.path, "{drop: '{source_id=\"s\"}'}")
        var batch = TelemetryBatch()
        let labels = LabelSet(["__name__": "m", "source_id": "s", "pod": "a"])
        batch.append(try #require(node.registry.reference(for: labels)), at: 1, value: 1)
        try await node.send("m", [(2, 2)], at: 2)
        let offset = try await node.log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: .rules, receivedAt: 1))
        await node.processor.waitUntilApplied(offset)
        try await node.send("m", [(3, 3)], at: 2)
        #expect(try node.samples("m") == [1: 1])
        #expect(node.ledger.isBalanced)
        try node.stop()
    }
}
