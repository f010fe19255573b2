import EmbeddedStore
import Foundation
import IngestLog
import Logging
import Processing
import SelfMetrics
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import Processor

/// Log, processor and store together, without HTTP.
@Suite struct ProcessorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Pipeline {
        let registry = SeriesRegistry()
        let log: IngestLog
        let store: EmbeddedStore
        let processor: Processor

        init(_ folder: String, pipeline: String = "", options: Processor.Options = .init()) throws {
            log = try IngestLog(folder: folder, registry: registry)
            store = try EmbeddedStore(dataFolder: folder)
            processor = try Processor(
                log: log, store: store, pipeline: PipelineSource(name: "p.yml", text: pipeline, lookups: [:]),
                options: options,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            processor.start()
        }

        func send(_ records: [(metric: String, time: Int64, value: Double)], bad: Int = 0) async throws {
            var batch = TelemetryBatch()
            for record in records {
                let labels = LabelSet(["__name__": record.metric, "source_id": "s"])
                batch.append(try #require(registry.reference(for: labels)), at: record.time, value: record.value)
            }
            let rejected = (0..<bad).map { index in
                RejectedRecord(
                    index: index, field: nil, reason: .invalidJSON, message: "m", payload: [1], sourceID: nil)
            }
            _ = try await log.append(
                LogSubmission(batch: batch, rejected: rejected, ingestProtocol: .contract, receivedAt: 0))
        }

        func sendCritical(as ingestProtocol: IngestProtocol, at time: Int64) async throws {
            let labels = LabelSet(["__name__": "m", "source_id": "s", "severity": "critical"])
            var batch = TelemetryBatch()
            batch.append(try #require(registry.reference(for: labels)), at: time, value: 1)
            _ = try await log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: ingestProtocol, receivedAt: 0))
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
    }

    @Test func acknowledgedIsVisibleAndTheLedgerBalances() async throws {
        let pipeline = try Pipeline(folder.path)
        for index in 0..<50 {
            try await pipeline.send([("m", Int64(index), Double(index)), ("m", Int64(index), Double(index))], bad: 1)
            await pipeline.processor.waitUntilVisible()
            #expect(try pipeline.samples("m").count == index + 1)
        }
        let snapshot = pipeline.processor.ledger.snapshot(of: pipeline.log)
        #expect(snapshot.isBalanced)
        #expect(snapshot.receivedTotal == 150)
        #expect(snapshot.totals == (stored: 50, duplicate: 50, dropped: 0, deadLettered: 50))
        try pipeline.stop()
    }

    @Test func stagesDropAndConvertOncePerSeries() async throws {
        let pipeline = try Pipeline(
            folder.path,
            pipeline: """
                stages:
                - drop: debug_metric
                - unit: {match: temp_f, from: fahrenheit, to: celsius, rename: temp_c}
                """)
        try await pipeline.send([("debug_metric", 1, 1), ("temp_f", 1, 212), ("other", 1, 7)])
        await pipeline.processor.waitUntilVisible()
        #expect(try pipeline.samples("debug_metric").isEmpty)
        let celsius = try #require(try pipeline.samples("temp_c")[1])
        #expect(abs(celsius - 100) < 1e-9)
        let snapshot = pipeline.processor.ledger.snapshot(of: pipeline.log)
        #expect(snapshot.totals.dropped == 1)
        #expect(snapshot.isBalanced)
        try pipeline.stop()
    }

    @Test func whatRulesMakeIsNoEvent() async throws {
        let pipeline = try Pipeline(folder.path)
        try await pipeline.sendCritical(as: .contract, at: 1)
        try await pipeline.sendCritical(as: .rules, at: 2)
        await pipeline.processor.waitUntilVisible()
        let events = try pipeline.store.events(EventSelection(range: .all, limit: 10), budget: QueryBudget())
        #expect(events.map(\.timestamp) == [1])
        try pipeline.stop()
    }

    @Test func aLogBegunAnewBesideOlderBlocksLosesNothing() async throws {
        var options = Processor.Options()
        options.flushPolicy.longestStayMilliseconds = 0
        var pipeline = try Pipeline(folder.path, options: options)
        for index in 0..<5 { try await pipeline.send([("m", Int64(index), 1)]) }
        await pipeline.processor.waitUntilVisible()
        pipeline.processor.flushDueWindows()
        while pipeline.processor.flushCounters.blocks.value == 0 { await Task.yield() }
        try pipeline.stop()
        try FileManager.default.removeItem(atPath: "\(folder.path)/log.sqlite")

        pipeline = try Pipeline(folder.path)
        try await pipeline.send([("m", 100, 2)])
        try pipeline.stop()

        pipeline = try Pipeline(folder.path)
        await pipeline.processor.waitUntilVisible()
        #expect(try pipeline.samples("m").count == 6)
        #expect(try pipeline.samples("m")[100] == 2)
        try pipeline.stop()
    }

    @Test func aFloodIsWrittenBeforeItIsTime() async throws {
        var options = Processor.Options()
        options.flushPolicy.longestStayMilliseconds = 0
        options.recordsBetweenFlushes = 20
        let pipeline = try Pipeline(folder.path, options: options)
        for index in 0..<10 { try await pipeline.send([("m", Int64(index), 1)]) }
        await pipeline.processor.waitUntilVisible()
        #expect(pipeline.processor.flushCounters.blocks.value == 0)
        for index in 10..<30 { try await pipeline.send([("m", Int64(index), 1)]) }
        while pipeline.processor.flushCounters.blocks.value == 0 { await Task.yield() }
        await pipeline.processor.waitUntilVisible()
        #expect(try pipeline.samples("m").count == 30)
        try pipeline.stop()
    }

    @Test func aRestartReplaysTheLogAndCountsNothingTwice() async throws {
        var generator = SeededGenerator.seeded("aRestartReplaysTheLogAndCountsNothingTwice")
        let now: Int64 = 1_760_000_000_000
        var expected: [Int64: Double] = [:]
        var options = Processor.Options()
        options.flushPolicy.longestStayMilliseconds = .max / 2
        // A buffer this small makes the processor read from the log's file most of the time.
        options.maximumBufferedRecords = 50
        for round in 0..<4 {
            let pipeline = try Pipeline(folder.path, options: options)
            for _ in 0..<20 {
                let records = (0..<40).map { _ in
                    (
                        metric: "m", time: now - Int64(generator.next() % 40_000_000),
                        value: Double(generator.next() % 10)
                    )
                }
                for record in records { expected[record.time] = record.value }
                try await pipeline.send(records)
            }
            await pipeline.processor.waitUntilVisible()
            #expect(try pipeline.samples("m") == expected)
            if round == 1 {
                pipeline.processor.flushDueWindows()
                while pipeline.processor.flushCounters.blocks.value == 0 { await Task.yield() }
                #expect(try pipeline.samples("m") == expected)
            }
            let snapshot = pipeline.processor.ledger.snapshot(of: pipeline.log)
            #expect(snapshot.isBalanced)
            #expect(snapshot.receivedTotal == (round + 1) * 800)
            #expect(snapshot.totals.stored + snapshot.totals.duplicate == (round + 1) * 800)
            try pipeline.stop()
        }
    }
}
