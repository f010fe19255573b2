import ChunkCodec
import TestSupport
import Testing

@Suite struct ColumnCorruptionTests {
    @Test(arguments: GoldenColumn.all)
    func releasedColumnsDecode(column: GoldenColumn) throws {
        let (timestamps, patterns) = try column.decode(column.bytes).get()
        #expect(timestamps == column.timestamps)
        #expect(patterns == column.values.map(\.bitPattern))
        let again =
            column.timestamps.isEmpty
            ? ChunkCodec.encodeValues(column.values) : ChunkCodec.encodeTimestamps(column.timestamps)
        #expect(again[0] == column.bytes[0])
        // Another zstd may compress a plane a little worse.
        #expect(again.count <= column.bytes.count + (column.name.contains("plane") ? 16 : 0), "the encoder got worse")
    }

    @Test func everyEncodingHasAReleasedColumn() {
        let histograms = ChunkEncoding.histograms.rawValue  // In `HistogramColumnTests`.
        let codes = Set(GoldenColumn.all.map { $0.bytes[0] } + [CorruptionTests.golden[0], histograms])
        #expect(codes == Set(ChunkEncoding.allCases.map(\.rawValue)))
    }

    @Test(arguments: GoldenColumn.all)
    func everyFlippedBitIsRefused(column: GoldenColumn) {
        for bit in 0..<(column.bytes.count * 8) {
            var bytes = column.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.fault(column.decode(bytes)) != nil, "bit \(bit)")
        }
    }

    @Test(arguments: GoldenColumn.all)
    func everyTruncationAndExtensionIsRefused(column: GoldenColumn) {
        for count in column.bytes.indices {
            #expect(Self.fault(column.decode(Array(column.bytes[..<count]))) != nil, "\(count) bytes")
            // Under a right checksum, the layout itself has to notice that something is missing.
            let body = column.bytes[..<min(count, column.bytes.count - 5)]
            #expect(Self.fault(column.decode(CorruptionTests.sealed(body))) != nil, "\(count) bytes, sealed")
        }
        #expect(Self.fault(column.decode(column.bytes + [0])) != nil)
        #expect(Self.fault(column.decode(CorruptionTests.sealed(column.bytes.dropLast(4) + [0]))) != nil)
    }

    /// Damage under a right checksum is refused or gives other samples, as many as the header says; it never traps.
    @Test(arguments: GoldenColumn.all)
    func everyFlippedBitUnderAValidChecksumIsHandled(column: GoldenColumn) throws {
        for bit in 0..<((column.bytes.count - 4) * 8) {
            var bytes = column.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try Self.checkHandled(CorruptionTests.sealed(bytes.dropLast(4)))
        }
    }

    @Test func randomBytesNeverTrap() throws {
        var seeds = SeededGenerator.seeded("random columns")
        var random = SeededGenerator(seed: seeds.next())
        for _ in 0..<20_000 {
            let size = Int.random(in: 2...80, using: &random)
            var body = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            body[0] = UInt8.random(in: 2...9, using: &random)
            body[1] = UInt8.random(in: 1...127, using: &random)
            // Small numbers make plausible parameters.
            for index in 2..<size where Bool.random(using: &random) { body[index] &= 0x0F }
            try Self.checkHandled(CorruptionTests.sealed(body[...]))
        }
    }

    @Test(arguments: ColumnShapes.valueShapes.indices)
    func damagedValuesNeverTrap(shape: Int) throws {
        var seeds = SeededGenerator.seeded("damaged \(ColumnShapes.valueShapes[shape].name)")
        var random = SeededGenerator(seed: seeds.next())
        for count in [1, 2, 9, 300, 1_200] {
            let body = ChunkCodec.encodeValues(ColumnShapes.valueShapes[shape].make(count, &random)).dropLast(4)
            try Self.damage(Array(body), rounds: count > 1_000 ? 60 : 200, using: &random)
        }
    }

    @Test(arguments: ColumnShapes.timestampShapes.indices)
    func damagedTimestampsNeverTrap(shape: Int) throws {
        var seeds = SeededGenerator.seeded("damaged \(ColumnShapes.timestampShapes[shape].name)")
        var random = SeededGenerator(seed: seeds.next())
        for count in [1, 2, 9, 300, 1_200] {
            let body = ChunkCodec.encodeTimestamps(ColumnShapes.timestampShapes[shape].make(count, &random)).dropLast(4)
            try Self.damage(Array(body), rounds: count > 1_000 ? 60 : 200, using: &random)
        }
    }

    /// A few wrong bytes, most of them near the front where the parameters are, and cut ends.
    private static func damage(_ body: [UInt8], rounds: Int, using random: inout SeededGenerator) throws {
        for _ in 0..<rounds {
            var bytes = body
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let reach = Bool.random(using: &random) ? min(24, bytes.count) : bytes.count
                bytes[Int.random(in: 1..<reach, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            try checkHandled(CorruptionTests.sealed(bytes[...]))
            try checkHandled(CorruptionTests.sealed(bytes.prefix(Int.random(in: 1...bytes.count, using: &random))))
        }
    }

    /// Whatever these bytes are, every function gives an error or as many samples as it says.
    private static func checkHandled(_ bytes: [UInt8]) throws {
        let count = (try? ChunkCodec.sampleCount(bytes)) ?? 0
        #expect(count <= ChunkCodec.maximumSampleCount)
        var values: [Double] = [7]
        do throws(ChunkCorruption) {
            try ChunkCodec.decodeValues(bytes, into: &values)
            #expect(values.count == 1 + count)
            let part = count / 3..<(count - count / 4)
            var some: [Double] = []
            try ChunkCodec.decodeValues(bytes.span, samples: part, into: &some)
            #expect(
                some.map(\.bitPattern)
                    == values.dropFirst()[(part.lowerBound + 1)..<(part.upperBound + 1)].map(\.bitPattern))
        } catch {
            #expect(values == [7])
        }
        var timestamps: [Int64] = [7]
        do throws(ChunkCorruption) {
            try ChunkCodec.decodeTimestamps(bytes, into: &timestamps)
            #expect(timestamps.count == 1 + count)
            let bounds = try ChunkCodec.timestampBounds(bytes)
            #expect(bounds == (count, timestamps[1], timestamps[count]))
            #expect(zip(timestamps.dropFirst(), timestamps.dropFirst(2)).allSatisfy { $0 <= $1 })
        } catch {
            #expect(timestamps == [7])
        }
        var some: [Int64] = [7]
        if let range = try? ChunkCodec.decodeTimestamps(bytes.span, from: 0, through: 1 << 42, into: &some) {
            #expect(range.count == some.count - 1)
            #expect(range.upperBound <= count)
        } else {
            #expect(some == [7])
        }
    }

    private static func fault(_ result: Result<([Int64], [UInt64]), ChunkCorruption>) -> ChunkCorruption.Fault? {
        if case .failure(let error) = result { error.fault } else { nil }
    }

    @Test func faultsAreNamed() throws {
        let steady = GoldenColumn.all[0]
        let decimals = try #require(GoldenColumn.all.first { $0.name == "plain decimals" })
        func fault(_ column: GoldenColumn, _ body: [UInt8]) -> ChunkCorruption.Fault? {
            Self.fault(column.decode(CorruptionTests.sealed(body[...])))
        }
        #expect(fault(decimals, Array(steady.bytes.dropLast(4))) == .otherContent(code: 2, expected: .values))
        #expect(fault(steady, Array(decimals.bytes.dropLast(4))) == .otherContent(code: 5, expected: .timestamps))
        #expect(throws: ChunkCorruption.self) { try Columns(decoding: steady.bytes) }
        // Five timestamps from the greatest on, a step of one.
        #expect(
            fault(steady, [2, 5] + [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [1, 1])
                == .invalidParameter(.timeSpan, found: 0))
        #expect(fault(steady, [2, 5] + [UInt8](repeating: 0xFF, count: 11)) == .numberTooLong)
        // 0, 15, 10; and 0, 5, 10 where the header announces 11.
        #expect(fault(steady, [3, 3, 0, 10, 1, 1, 8, 0, 9, 20, 0]) == .timestampsDescend(sampleIndex: 0))
        #expect(fault(steady, [3, 3, 0, 11, 1, 1, 8, 0, 0, 5, 5]) == .boundsMismatch)
        #expect(fault(steady, [3, 3, 0, 10, 1, 0, 8, 0, 0, 5, 10]) == .invalidParameter(.shape, found: 0))
        #expect(fault(decimals, [5, 6, 19, 0, 0, 0]) == .invalidParameter(.scale, found: 19))
        #expect(fault(decimals, [5, 6, 0, 0x80, 0, 0]) == .invalidParameter(.shape, found: 0x80))
        #expect(fault(decimals, [5, 6, 0, 0, 65, 0]) == .invalidParameter(.bitWidth, found: 65))
        #expect(fault(decimals, [5, 6, 0, 0, 8, 0, 1, 2, 3, 4, 5]) == .dataEndsEarly)
        #expect(fault(decimals, [5, 6, 0, 0, 0, 0, 9]) == .bytesAfterData)
        #expect(
            fault(decimals, [5, 6, 0, 0, 0x80, 0, 7, 0, 0, 0, 0])
                == .outOfRange(.exceptionCount, found: 7, maximum: 6))
        #expect(
            fault(decimals, [5, 6, 0, 0, 0x80, 0, 2, 5, 0, 0, 0])
                == .outOfRange(.exceptionPosition, found: 11, maximum: 5))
        // A plane of three bytes that is no zstd frame.
        #expect(fault(decimals, [5, 6, 0, 0x40, 0, 0, 3, 1, 2, 3]) == .planeCorrupt)
        var values: [Double] = []
        #expect(throws: ChunkCorruption.self) {
            try ChunkCodec.decodeValues(decimals.bytes.span, samples: 3..<7, into: &values)
        }
        guard case .failure(let error) = decimals.decode(CorruptionTests.sealed([5, 6, 0, 0, 8, 0, 1])) else {
            Issue.record("the end is missing")
            return
        }
        #expect(error.description.contains("expected more numbers, found the end of the data"))
    }

    /// The count is believed only as far as the data goes: a short column that claims many samples and packs none of
    /// them is still bounded.
    @Test func wildCountsAreBounded() throws {
        var values: [Double] = []
        try ChunkCodec.decodeValues(CorruptionTests.sealed([5, 0xFF, 0xFF, 3, 0, 0, 0, 2]), into: &values)
        #expect(values == [Double](repeating: 1, count: 65_535))
        #expect(throws: ChunkCorruption.self) {
            try ChunkCodec.sampleCount(CorruptionTests.sealed([5, 0x80, 0x80, 4, 0, 0, 0, 2]))
        }
    }

    @Test func checksumsAgree() {
        var seeds = SeededGenerator.seeded("checksums")
        var random = SeededGenerator(seed: seeds.next())
        for size in 0...200 {
            let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let expected = CorruptionTests.checksum(bytes)
            #expect(CRC32C.checksum(of: bytes.span, byteCount: size) == expected)
            #expect(CRC32C.tableChecksum(of: bytes.span, byteCount: size) == expected)
        }
    }
}
