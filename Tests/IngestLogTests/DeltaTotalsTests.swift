import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct DeltaTotalsTests {
    @Test func totalsAreThoseOfTheNewestCommit() async throws {
        let folder = try TemporaryFolder()
        let registry = SeriesRegistry()
        let number = try #require(registry.reference(for: LabelSet(["__name__": "a"])))
        let other = try #require(registry.reference(for: LabelSet(["__name__": "b"])))
        var generator = SeededGenerator.seeded("totals of differences")
        let histogram = try #require(RandomHistograms.series(.counter, count: 1, using: &generator).first)
        let first = DeltaTotal(reference: number, start: 1, intervalStart: .max, end: 3, value: 0.1 + 0.2)
        let second = DeltaTotal(
            reference: other, start: 1, intervalStart: 2, end: 3, value: -.infinity, histogram: histogram)
        let log = try IngestLog(folder: folder.path, registry: registry)
        func append(_ totals: [DeltaTotal]) async throws {
            var batch = TelemetryBatch()
            batch.append(number, at: 1, value: 1)
            _ = try await log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .otlp, receivedAt: 1, deltaTotals: totals))
        }
        #expect(try log.deltaTotals(of: [number, other]).isEmpty)
        try await append([first, second])
        #expect(try log.deltaTotals(of: [number, other]) == [number: first, other: second])
        var later = first
        later.end = .max
        later.value = 5
        try await append([later])
        #expect(try log.deltaTotals(of: [number]) == [number: later])
        try log.close()
        let again = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        #expect(try again.deltaTotals(of: [number, other]) == [number: later, other: second])
        try again.close()
    }
}
