import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

/// Exemplars in the log's payloads.
@Suite struct ExemplarPayloadTests {
    private static func exemplar(
        _ series: UInt32, _ labels: KeyValuePairs<String, String>, _ value: Double, _ time: Int64
    ) -> SeriesExemplar {
        SeriesExemplar(
            series: SeriesReference(series), exemplar: Exemplar(labels: LabelSet(labels), value: value, timestamp: time)
        )
    }

    private static var exemplars: [SeriesExemplar] {
        [
            exemplar(7, ["trace_id": "abc", "span_id": "Ü"], 0.25, 1_700_000_000_000),
            exemplar(7, ["trace_id": "abd"], -.infinity, 1_700_000_000_001), exemplar(.max, [:], .nan, 0),
            exemplar(0, ["": "no name", "trace_id": String(repeating: "x", count: 1000)], -0.0, .max),
            exemplar(0, [:], 1, .min),
        ]
    }

    private func batch(samples: Int, exemplars: [SeriesExemplar]) -> TelemetryBatch {
        var batch = TelemetryBatch()
        for index in 0..<samples { batch.append(SeriesReference(UInt32(index)), at: Int64(index), value: 1) }
        batch.exemplars = exemplars
        return batch
    }

    @Test func theyRoundTripWithSamplesAndWithout() throws {
        for samples in [0, 1, 100] {
            var batch = batch(samples: samples, exemplars: Self.exemplars)
            if samples > 1 {
                batch.messages = [RecordMessage(sampleIndex: 1, text: "m")]
                batch.starts = [RecordStart(sampleIndex: 0, startTimestamp: -5)]
            }
            let payload = BatchPayload.encode(batch)
            #expect(payload[0] == 4)
            let read = try BatchPayload.decode(payload)
            #expect(read == batch, "\(samples) samples")
            #expect(read.exemplars.map(\.exemplar.value.bitPattern) == batch.exemplars.map(\.exemplar.value.bitPattern))
        }
    }

    /// What has none is written as it was before there were any.
    @Test func batchesWithoutAreAsTheyWere() {
        #expect(BatchPayload.encode(batch(samples: 3, exemplars: []))[0] == 2)
        #expect(TelemetryBatch().isEmpty && !batch(samples: 0, exemplars: Self.exemplars).isEmpty)
    }

    /// docs/formats/log.md
    @Test func goldenPayload() throws {
        let golden = batch(samples: 1, exemplars: [Self.exemplars[0]])
        let payload = BatchPayload.encode(golden)
        #expect(payload.map { String($0, radix: 16) }.joined(separator: " ") == Self.golden)
    }

    private static let golden =
        "4 1 1 1 2 1 2 1 0 0 0 2 7 73 70 61 6e 5f 69 64 8 74 72 61 63 65 5f 69 64 1 e 80 a0 ab fe f9 62 0 0 0 0 0 0 d0 3f 2 0 2 "
        + "c3 9c 1 3 61 62 63 f9 3 6 79"

    @Test func everyFlippedBitAndEveryTruncationIsRefused() {
        let payload = BatchPayload.encode(batch(samples: 2, exemplars: Self.exemplars))
        for bit in 0..<payload.count * 8 {
            var damaged = payload
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(damaged) }
        }
        for length in 0..<payload.count {
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(Array(payload.prefix(length))) }
        }
    }

    /// With a checksum that fits: whatever is read, nothing traps.
    @Test func changedBytesNeverTrap() {
        var generator = SeededGenerator.seeded("changedBytesNeverTrap")
        let payload = BatchPayload.encode(batch(samples: 2, exemplars: Self.exemplars))
        for _ in 0..<20_000 {
            var changed = Array(payload.dropLast(BatchPayload.checksumBytes))
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                changed[Int.random(in: 1..<changed.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let sum = changed.withUnsafeBytes { BatchPayload.checksum(of: $0) }
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                changed.append(UInt8(truncatingIfNeeded: sum >> shift))
            }
            _ = try? BatchPayload.decode(changed)
        }
    }

    /// A batch of exemplars alone has an offset, and comes back after a restart and a replay.
    @Test func exemplarsAloneAreLogged() async throws {
        let folder = try TemporaryFolder()
        let sent = [batch(samples: 2, exemplars: []), batch(samples: 0, exemplars: Self.exemplars)]
        let registry = SeriesRegistry(limit: 10)
        var log = try IngestLog(folder: folder.path, registry: registry)
        for name in ["a", "b", "c"] { _ = try registry.register(LabelSet(["__name__": name])) }
        for (index, batch) in sent.enumerated() {
            let offset = try await log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .remoteWrite, receivedAt: 5))
            #expect(offset == Int64(index + 1))
        }
        #expect(try log.recordCount(after: 0) == 2)
        try log.close()
        log = try IngestLog(folder: folder.path, registry: SeriesRegistry(limit: 10))
        #expect(try log.batches(after: 0, through: 9, limit: 9).map(\.batch) == sent)
        let replay = try log.replay(after: 0)
        var replayed: [TelemetryBatch] = []
        while let entries = try replay.next() {
            for case .batch(let batch) in entries { replayed.append(batch.batch) }
        }
        #expect(replayed == sent)
        try log.close()
        let finding = try LogVerification.verify(folder: folder.path, isInUse: false) { _ in }
        #expect(finding.batches == 2 && finding.records == 2, "\(finding)")
        #expect(finding.problems.count == 1 && finding.problems[0].contains("batch 2"), "\(finding.problems)")
    }
}
