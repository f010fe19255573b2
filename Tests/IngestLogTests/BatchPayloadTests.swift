import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct BatchPayloadTests {
    @Test func roundTripsBitByBit() throws {
        var generator = SeededGenerator.seeded("roundTripsBitByBit")
        for count in [0, 1, 2, 3, 100, 5000] {
            let batch = TelemetryBatch.random(count: count, using: &generator)
            #expect(try BatchPayload.decode(BatchPayload.encode(batch)) == batch)
        }
    }

    @Test func everyFlippedBitAndEveryTruncationIsRefused() throws {
        var generator = SeededGenerator(seed: 7)
        let payload = BatchPayload.encode(.random(count: 20, using: &generator))
        for bit in 0..<payload.count * 8 {
            var damaged = payload
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(damaged) }
        }
        for length in 0..<payload.count {
            #expect(throws: LogCorruption.self) { try BatchPayload.decode(Array(payload.prefix(length))) }
        }
    }

    @Test func steadyFleetTakesAtMostTwelveBytesASample() {
        var batch = TelemetryBatch()
        for index in 0..<5000 {
            batch.append(SeriesReference(UInt32(index)), at: 1_760_000_000_000 + Int64(index / 100), value: 0.5)
        }
        #expect(BatchPayload.encode(batch).count <= 5000 * 12)
    }
}

extension TelemetryBatch {
    static func random(count: Int, using generator: inout SeededGenerator) -> TelemetryBatch {
        var batch = TelemetryBatch()
        for index in 0..<count {
            batch.append(
                SeriesReference(UInt32.random(in: 0...UInt32.max, using: &generator)),
                at: Int64.random(in: -10_000...4_102_444_800_000, using: &generator),
                value: Double(bitPattern: generator.next()))
            if generator.next() % 5 == 0 {
                batch.messages.append(RecordMessage(sampleIndex: index, text: "réady \(index)\n"))
            }
        }
        return batch
    }
}
