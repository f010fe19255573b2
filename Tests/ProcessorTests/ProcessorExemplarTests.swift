import EmbeddedStore
import IngestLog
import Logging
import Processing
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import Processor

/// Exemplars on their way from the log through the pipeline into the store.
@Suite struct ProcessorExemplarTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Node {
        let registry = SeriesRegistry()
        let log: IngestLog
        let store: EmbeddedStore
        let processor: Processor

        init(_ folder: String, stages: String = "", flushesAtStop: Bool = false) throws {
            log = try IngestLog(folder: folder, registry: registry)
            store = try EmbeddedStore(dataFolder: folder)
            var options = Processor.Options()
            options.flushesAtStop = flushesAtStop
            options.now = { 0 }
            processor = try Processor(
                log: log, store: store,
                pipeline: PipelineSource(name: "p.yml", text: "stages: [\(stages)]", lookups: [:]), options: options,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            processor.start()
        }

        /// Sends an exemplar of each of these series, of whose time and value it is, with a sample or alone.
        func send(_ series: [LabelSet], value: Double, at time: Int64, withSamples: Bool) async throws {
            var batch = TelemetryBatch()
            for labels in series {
                let reference = try #require(registry.reference(for: labels))
                if withSamples { batch.append(reference, at: time, value: 1) }
                let exemplar = Exemplar(labels: LabelSet(["trace_id": "t"]), value: value, timestamp: time)
                batch.exemplars.append(SeriesExemplar(series: reference, exemplar: exemplar))
            }
            let offset = try await log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .remoteWrite, receivedAt: time))
            await processor.waitUntilApplied(offset)
        }

        /// Values by series.
        func exemplars() throws -> [String: [Double]] {
            let found = try store.exemplars([[]], in: .all, budget: QueryBudget())
            return Dictionary(uniqueKeysWithValues: found.map { ("\($0.labels)", $0.exemplars.map(\.value)) })
        }

        func stop() throws {
            log.stopAccepting()
            processor.stop()
            try log.close()
        }
    }

    private static func series(_ name: String, pod: String = "a") -> LabelSet {
        LabelSet(["__name__": name, "source_id": "s", "pod": pod])
    }

    @Test(arguments: [true, false])
    func aRestartHasEachExactlyOnce(flushesAtStop: Bool) async throws {
        var node = try Node(folder.path, flushesAtStop: flushesAtStop)
        try await node.send([Self.series("a"), Self.series("b")], value: 1, at: 10, withSamples: true)
        try await node.send([Self.series("a")], value: 2, at: 20, withSamples: false)
        let wanted = [#"a{pod="a", source_id="s"}"#: [1.0, 2], #"b{pod="a", source_id="s"}"#: [1]]
        #expect(try node.exemplars() == wanted)
        // Records alone are in the ledger.
        #expect(node.processor.ledger.snapshot(of: node.log).totals.stored == 2)
        try node.stop()
        for _ in 0..<2 {
            node = try Node(folder.path, flushesAtStop: flushesAtStop)
            await node.processor.waitUntilVisible()
            #expect(try node.exemplars() == wanted)
            #expect(node.processor.ledger.snapshot(of: node.log).isBalanced)
            try node.stop()
        }
    }

    @Test func theyShareTheFateOfTheirSeries() async throws {
        let node = try Node(
            folder.path,
            stages: """
                {drop: gone}, {relabel: [{action: labeldrop, regex: pod}]},
                {unit: {match: d_milliseconds, from: milliseconds, to: seconds}},
                {aggregate: {match: summed, by: [source_id], outputs: [sum], interval: 1m}}
                """)
        let names = ["gone", "kept", "d_milliseconds", "summed"]
        for withSamples in [true, false] {
            try await node.send(
                names.map { Self.series($0) }, value: 1500, at: withSamples ? 10 : 20, withSamples: withSamples)
        }
        let found = try node.exemplars()
        #expect(found[#"kept{source_id="s"}"#] == [1500, 1500], "under the labels that the series is stored with")
        #expect(found.filter { $0.key.hasPrefix("d_") }.values.first == [1.5, 1.5], "in the unit of the series")
        #expect(found.count == 2, "\(found.keys)")
        #expect(node.store.exemplarCounts.droppedByPipeline == 4)
        try node.stop()
    }

    @Test func aDeleteTakesThemAndAReplayBringsNothingBack() async throws {
        var node = try Node(folder.path)
        try await node.send([Self.series("a"), Self.series("b")], value: 1, at: 10, withSamples: true)
        try node.store.writeExemplars()
        try await node.send([Self.series("a"), Self.series("b")], value: 2, at: 20, withSamples: true)
        let matchers = [LabelMatcher("__name__", .equal("a"))]
        _ = try await Task { [processor = node.processor] in try processor.delete(matchers, in: .all) }.value
        try await node.send([Self.series("a")], value: 3, at: 30, withSamples: true)
        let wanted = [#"a{pod="a", source_id="s"}"#: [3.0], #"b{pod="a", source_id="s"}"#: [1, 2]]
        #expect(try node.exemplars() == wanted)
        try node.stop()
        node = try Node(folder.path)
        await node.processor.waitUntilVisible()
        #expect(try node.exemplars() == wanted)
        try node.stop()
    }
}
