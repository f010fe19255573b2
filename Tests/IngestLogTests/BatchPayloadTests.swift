import ChunkCodec
import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct BatchPayloadTests {
    @Test func roundTripsBitByBit() throws {
        var generator = SeededGenerator.seeded("roundTripsBitByBit")
        for count in [0, 1, 2, 3, 47, 48, 49, 100, 5000] {
            for shape in BatchShape.allCases {
                let batch = TelemetryBatch.random(count: count, shape: shape, using: &generator)
                #expect(try BatchPayload.decode(BatchPayload.encode(batch)) == batch, "\(count) records, \(shape)")
            }
        }
    }

    /// Every kind of double, alone and among others, in each position of a batch.
    @Test func roundTripsSpecialValues() throws {
        var values: [Double] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .signalingNaN, .leastNonzeroMagnitude,
            -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0.1, -0.1, 0.3, 1e-10, 1e-11,
            12345.6789, 0.1 + 0.2, 1e22, 112_589.990_684_262_4, 112_589.990_684_262_5, 11_258_999_068.42624,
            11_258_999_068.5, 0x1p50, 0x1p51 + 0.5, 0x1p52 - 1, 0x1p52, 0x1p52 + 1, 0x1p53, 0x1p53 + 2, 0x1p63, 0x1p64,
            Double(Float(23.4)), Double(bitPattern: 0x7FF0_0000_0000_0002), Double(bitPattern: 0x7FF8_0000_0000_0001),
            Double(bitPattern: 0xFFFF_FFFF_FFFF_FFFF), Double(bitPattern: 1 << 8), Double(bitPattern: 0xFF),
        ]
        for digits in 0...15 {
            var scale = 1.0
            for _ in 0..<digits { scale *= 10 }
            for mantissa: Double in [1, 7, 99, 123_456_789, 0x1p52 - 1, 0x1p50, 0x1p50 - 1, 999_999_999_999_999] {
                values += [
                    mantissa / scale, -(mantissa / scale), (mantissa / scale).nextUp, (mantissa / scale).nextDown,
                ]
            }
        }
        var all = TelemetryBatch()
        for (index, value) in values.enumerated() {
            var one = TelemetryBatch()
            one.append(SeriesReference(9), at: 5, value: value)
            #expect(try BatchPayload.decode(BatchPayload.encode(one)) == one, "\(value)")
            all.append(SeriesReference(UInt32(index)), at: 5, value: value)
        }
        #expect(try BatchPayload.decode(BatchPayload.encode(all)) == all)
    }

    @Test func roundTripsExtremeSteps() throws {
        var batch = TelemetryBatch()
        let timestamps: [Int64] = [.min, .max, 0, .max, .min, .min, -1, 1, .max / 2, .min / 2, .min / 2 + 1, 0]
        for (index, timestamp) in timestamps.enumerated() {
            batch.append(SeriesReference(index % 2 == 0 ? 0 : .max), at: timestamp, value: 0)
        }
        for _ in 0..<3 { batch.append(SeriesReference(.max), at: 0, value: 0) }
        #expect(try BatchPayload.decode(BatchPayload.encode(batch)) == batch)
    }

    @Test func everyFlippedBitAndEveryTruncationIsRefused() throws {
        var generator = SeededGenerator(seed: 7)
        for shape in BatchShape.allCases {
            let payload = BatchPayload.encode(.random(count: 60, shape: shape, using: &generator))
            for bit in 0..<payload.count * 8 {
                var damaged = payload
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: LogCorruption.self) { try BatchPayload.decode(damaged) }
            }
            for length in 0..<payload.count {
                #expect(throws: LogCorruption.self) { try BatchPayload.decode(Array(payload.prefix(length))) }
            }
        }
    }

    /// Damage that the checksum does not see, because it is made to fit: anything but a trap will do.
    @Test func wildInputNeverTraps() throws {
        var generator = SeededGenerator.seeded("wildInputNeverTraps")
        var refused = 0
        for round in 0..<6000 {
            var payload: [UInt8]
            if round % 2 == 0 {
                let count = Int.random(in: 0...80, using: &generator)
                payload = [UInt8.random(in: 0...4, using: &generator)]
                payload += (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            } else {
                let shape = BatchShape.allCases[round / 2 % BatchShape.allCases.count]
                let count = Int.random(in: 0...120, using: &generator)
                payload = BatchPayload.encode(.random(count: count, shape: shape, using: &generator)).dropLast(4)
                for _ in 0...Int.random(in: 0...3, using: &generator) {
                    let position = Int.random(in: 0..<payload.count, using: &generator)
                    payload[position] = UInt8.random(in: 0...255, using: &generator)
                }
                if generator.next() % 4 == 0 {
                    payload.removeLast(Int.random(in: 0..<payload.count, using: &generator))
                }
            }
            do throws(LogCorruption) {
                let batch = try BatchPayload.decode(payload.withChecksum)
                #expect(batch.references.count == batch.count && batch.values.count == batch.count)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1500)
    }

    @Test func hugeCountsAreRefusedBeforeTheyAllocate() {
        for count: UInt64 in [1 << 27, .max, UInt64(Int64.max), 1 << 62] {
            var payload: [UInt8] = [2]
            payload.appendVarint(count)
            payload += [1, 1, 1, 1, 0]
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(payload.withChecksum) }
        }
        // A run of references that ends beyond 32 bits, and one below 0.
        for step: Int64 in [1 << 32, -1, .min, .max] {
            var payload: [UInt8] = [2]
            payload.appendVarint(1000)
            var writer = StepWriter(previous: -1, step: 1)
            for index in 0..<Int64(1000) { writer.append(index &* step, to: &payload) }
            writer.finish(&payload)
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(payload.withChecksum) }
        }
    }

    /// Bytes of released versions. If one of these fails, files in the field cannot be read any more.
    @Test func goldenPayloads() throws {
        #expect(try BatchPayload.decode([UInt8](hex: GoldenPayload.version1)) == GoldenPayload.batch)
        #expect(try BatchPayload.decode([UInt8](hex: GoldenPayload.version2)) == GoldenPayload.batch)
        #expect(BatchPayload.encode(GoldenPayload.batch) == [UInt8](hex: GoldenPayload.version2))
        #expect(BatchPayload.encode(GoldenPayload.detailed) == [UInt8](hex: GoldenPayload.version3))
        #expect(try BatchPayload.decode([UInt8](hex: GoldenPayload.version3)) == GoldenPayload.detailed)
        let fleet = try BatchPayload.decode([UInt8](hex: GoldenPayload.version2Compressed))
        #expect(fleet == GoldenPayload.fleet)
    }

    @Test func whatIsSaidOfOtherRecordsIsRefused() throws {
        var one = TelemetryBatch()
        one.append(SeriesReference(1), at: 2, value: 3)
        let plain = BatchPayload.encode(one).dropLast(4)
        // One record, then: a histogram, or a start, of record 1; more of them than records; the same record twice.
        #expect(plain.last == 0, "no messages")
        let chunk = ChunkCodec.encodeHistograms([NativeHistogram()])
        let details: [[UInt8]] = [
            [1, 8, UInt8(chunk.count)] + chunk + [0], [0, 1, 8, 0], [2, 1], [0, 2, 1], [0, 1, 0, 0],
            [1, 1, UInt8(chunk.count + 1)] + chunk + [0, 0],
        ]
        for detail in details {
            let payload = [BatchPayload.detailedVersion] + plain.dropFirst() + detail
            #expect(throws: LogCorruption.self, "\(detail)") { try BatchPayload.decode(payload.withChecksum) }
        }
        let sound =
            [BatchPayload.detailedVersion] + plain.dropFirst() + [1, 1, UInt8(chunk.count)] + chunk + [1, 1, 28]
        let batch = try BatchPayload.decode(sound.withChecksum)
        #expect(batch.histograms.map(\.sampleIndex) == [0])
        #expect(batch.starts == [RecordStart(sampleIndex: 0, startTimestamp: 7)])
    }

    /// Plain records are not one byte longer for what others may have.
    @Test func aPlainBatchIsOfVersion2() {
        var generator = SeededGenerator(seed: 2)
        let batch = TelemetryBatch.random(count: 300, shape: .fleet, using: &generator)
        #expect(BatchPayload.encode(batch)[0] == 2)
        var started = batch
        started.starts = (0..<300).map { RecordStart(sampleIndex: $0, startTimestamp: 1_759_000_000_000) }
        #expect(BatchPayload.encode(started).count <= BatchPayload.encode(batch).count + 16)
    }

    @Test func decimalDataOfAFleetTakesAtMostThreeBytesASample() {
        var batch = TelemetryBatch()
        for index in 0..<5000 {
            let value = index % 2 == 0 ? Double(index * 7919 % 10_000) / 100 : Double(index * 104_729 % 80_000)
            batch.append(SeriesReference(UInt32(index)), at: 1_760_000_000_000, value: value)
        }
        #expect(BatchPayload.encode(batch).count <= 5000 * 3)
    }

    @Test func incompressibleDataTakesLittleMoreThanItself() {
        var generator = SeededGenerator(seed: 1)
        let batch = TelemetryBatch.random(count: 5000, shape: .wild, using: &generator)
        let text = batch.messages.reduce(0) { $0 + $1.text.utf8.count + 3 }
        #expect(BatchPayload.encode(batch).count <= 5000 * (8 + 1 + 5 + 8) + text)
    }
}

enum GoldenPayload {
    static let version1 =
        "01030e02098080e682b96600cf0f000000000000e03f0000000000000080020000000000f07f01020672c3a96164796c609178"
    static let version2 = "02032004128080cc85f2cc01009e1f061108f704057f020000000000f001020672c3a9616479c4316c39"
    static let version2Compressed =
        "02407f8080cc85f2cc01007b2928b52ffd20405d0000280002110201010058725a7e03050301030f03020319"
        + "030303230304032d03050337030603410307034b030803550309035f030a0369030b0373030c037d030d0387"
        + "030e0391030f039b03e9e8eae9e8eae9e8eae9e8eae9e8eae9e8eae9e8eae9e8eae9e8eae9e8eae9e80034f881f4"

    static let version3 =
        "0304200412188080cc85f2cc01009e1fa01f081108f70004057f020000000000f001020672c3a9616479011026200100"
        + "010106b7e003010002000200000100000c00020200000000000002400004021051b6be02010c80eed783f2cc01006e844474"

    static let detailed: TelemetryBatch = {
        var batch = GoldenPayload.batch
        batch.append(
            SeriesReference(9), at: 1_760_000_000_000,
            histogram: NativeHistogram(
                schema: 3, zeroThreshold: 0x1p-128, zeroCount: 1, count: 6, sum: 2.25,
                positiveSpans: [.init(offset: 0, length: 2)], positiveBuckets: [2, 3]))
        batch.starts = [RecordStart(sampleIndex: 0, startTimestamp: 1_759_999_000_000)]
        batch.starts.append(RecordStart(sampleIndex: 3, startTimestamp: 1_759_999_000_000))
        return batch
    }()

    static let batch: TelemetryBatch = {
        var batch = TelemetryBatch()
        batch.append(SeriesReference(7), at: 1_760_000_000_000, value: 0.5)
        batch.append(SeriesReference(8), at: 1_760_000_000_000, value: -0.0)
        batch.append(SeriesReference(3), at: 1_759_999_999_000, value: Double(bitPattern: 0x7FF0_0000_0000_0002))
        batch.messages = [RecordMessage(sampleIndex: 2, text: "réady")]
        return batch
    }()

    static let fleet: TelemetryBatch = {
        var batch = TelemetryBatch()
        for index in 0..<64 {
            batch.append(
                SeriesReference(UInt32(index)), at: 1_760_000_000_000,
                value: index % 2 == 0 ? Double(index) / 4 : Double(1000 + index % 3))
        }
        return batch
    }()
}

enum BatchShape: CaseIterable {
    /// Whatever bits there are.
    case wild
    /// One sample a series, all at once, decimal values.
    case fleet
    /// Many samples a series at a constant step.
    case backfill
    /// Histograms among numbers, most records with a start timestamp.
    case histograms
}

extension TelemetryBatch {
    static func random(
        count: Int, shape: BatchShape = .wild, using generator: inout SeededGenerator
    ) -> TelemetryBatch {
        var batch = TelemetryBatch()
        for index in 0..<count {
            switch shape {
            case .wild:
                batch.append(
                    SeriesReference(UInt32.random(in: 0...UInt32.max, using: &generator)),
                    at: Int64.random(in: -10_000...4_102_444_800_000, using: &generator),
                    value: Double(bitPattern: generator.next()))
            case .fleet:
                let digits = [1.0, 10, 100, 1000, 1e10][index % 5]
                let value = Double(Int64.random(in: -100_000...100_000, using: &generator)) / digits
                batch.append(SeriesReference(UInt32(1000 + index)), at: 1_760_000_000_000, value: value)
            case .backfill:
                batch.append(
                    SeriesReference(UInt32(index / 25)), at: 1_760_000_000_000 + Int64(index % 25) * 15_000,
                    value: Double(index))
            case .histograms:
                let timestamp = 1_760_000_000_000 + Int64(generator.next() % 3)
                if generator.next() % 3 == 0 {
                    batch.append(SeriesReference(UInt32(index)), at: timestamp, value: Double(index))
                } else {
                    let shape = RandomHistograms.Shape.allCases[Int(generator.next() % 5)]
                    let histogram = RandomHistograms.series(shape, count: 1, using: &generator)[0]
                    batch.append(SeriesReference(UInt32(index)), at: timestamp, histogram: histogram)
                }
                if generator.next() % 8 > 0 {
                    let start = generator.next() % 50 == 0 ? Int64(bitPattern: generator.next()) : timestamp - 60_000
                    batch.starts.append(RecordStart(sampleIndex: index, startTimestamp: start))
                }
            }
            if generator.next() % 5 == 0 {
                batch.messages.append(RecordMessage(sampleIndex: index, text: "réady \(index)\n"))
            }
        }
        return batch
    }
}

extension [UInt8] {
    /// Pairs of hexadecimal digits.
    init(hex: String) {
        let digits = Array<Character>(hex)
        self = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    var withChecksum: [UInt8] {
        let sum = withUnsafeBytes { BatchPayload.checksum(of: $0) }
        return self + stride(from: UInt32(0), to: 32, by: 8).map { UInt8(truncatingIfNeeded: sum >> $0) }
    }
}
