import ChunkCodec
import TestSupport
import Testing

@Suite struct ColumnRoundTripTests {
    @Test(arguments: ColumnShapes.valueShapes.indices)
    func valuesComeBack(shape: Int) throws {
        let (name, make) = ColumnShapes.valueShapes[shape]
        var seeds = SeededGenerator.seeded(name)
        var random = SeededGenerator(seed: seeds.next())
        for count in ColumnShapes.counts {
            let values = make(count, &random)
            let patterns = values.map(\.bitPattern)
            for effort in [ChunkCodec.Effort.fast, .best] {
                let bytes = ChunkCodec.encodeValues(values, effort: effort)
                #expect(try ChunkCodec.sampleCount(bytes) == count)
                #expect(bytes.count <= 8 * count + 8, "\(name) of \(count) grows")
                var decoded: [Double] = [1, 2]
                try ChunkCodec.decodeValues(bytes, into: &decoded)
                #expect(decoded.prefix(2) == [1, 2])
                #expect(decoded.dropFirst(2).map(\.bitPattern) == patterns, "\(name) of \(count), \(effort)")
                for _ in 0..<8 {
                    let lower = Int.random(in: 0...count, using: &random)
                    let upper = Int.random(in: lower...count, using: &random)
                    var part: [Double] = [3]
                    try ChunkCodec.decodeValues(bytes.span, samples: lower..<upper, into: &part)
                    #expect(part[0] == 3)
                    #expect(part.dropFirst().map(\.bitPattern) == Array(patterns[lower..<upper]), "\(lower)..<\(upper)")
                }
            }
        }
    }

    @Test(arguments: ColumnShapes.timestampShapes.indices)
    func timestampsComeBack(shape: Int) throws {
        let (name, make) = ColumnShapes.timestampShapes[shape]
        var seeds = SeededGenerator.seeded(name)
        var random = SeededGenerator(seed: seeds.next())
        for count in ColumnShapes.counts {
            let timestamps = make(count, &random)
            let bytes = ChunkCodec.encodeTimestamps(timestamps)
            let bounds = try ChunkCodec.timestampBounds(bytes)
            #expect(bounds == (count, timestamps[0], timestamps[count - 1]))
            #expect(try ChunkCodec.sampleCount(bytes) == count)
            var decoded: [Int64] = [1, 2]
            try ChunkCodec.decodeTimestamps(bytes, into: &decoded)
            #expect(decoded.prefix(2) == [1, 2])
            #expect(Array(decoded.dropFirst(2)) == timestamps, "\(name) of \(count)")
            for _ in 0..<12 {
                let from = Self.time(near: timestamps, using: &random)
                let through = Self.time(near: timestamps, using: &random)
                var part: [Int64] = [3]
                let range = try ChunkCodec.decodeTimestamps(bytes.span, from: from, through: through, into: &part)
                let expected = timestamps.indices.filter { timestamps[$0] >= from && timestamps[$0] <= through }
                #expect(part[0] == 3)
                #expect(Array(part.dropFirst()) == expected.map { timestamps[$0] }, "\(name): \(from)...\(through)")
                #expect(range.count == expected.count)
                if let first = expected.first { #expect(range.lowerBound == first) }
            }
        }
    }

    /// One of the timestamps, one beside one, or any.
    private static func time(near timestamps: [Int64], using random: inout SeededGenerator) -> Int64 {
        let time = timestamps.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return Int64(bitPattern: random.next())
        case 1: return time &+ 1
        case 2: return time &- 1
        default: return time
        }
    }

    @Test(arguments: ["constant", "counter with resets", "spikes", "any patterns", "decimals with exceptions"])
    func longestColumnsComeBack(name: String) throws {
        var seeds = SeededGenerator.seeded(name)
        var random = SeededGenerator(seed: seeds.next())
        let shape = try #require(ColumnShapes.valueShapes.first { $0.name == name })
        let values = shape.make(ChunkCodec.maximumSampleCount, &random)
        let bytes = ChunkCodec.encodeValues(values)
        var decoded: [Double] = []
        try ChunkCodec.decodeValues(bytes, into: &decoded)
        #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern))
        var part: [Double] = []
        try ChunkCodec.decodeValues(bytes.span, samples: 60_000..<65_535, into: &part)
        #expect(part.map(\.bitPattern) == values[60_000...].map(\.bitPattern))
    }

    /// Equal timestamps on both sides of a frame's border belong together, whichever of them a range begins or ends with.
    @Test func equalTimestampsAcrossFrames() throws {
        var seeds = SeededGenerator.seeded("equal timestamps")
        var random = SeededGenerator(seed: seeds.next())
        var timestamps: [Int64] = []
        var time: Int64 = 0
        while timestamps.count < 3_000 {
            // Steps of quite different sizes make short frames pay.
            time += Int64.random(in: 1...(timestamps.count / 256 % 2 == 0 ? 3 : 3_000_000), using: &random)
            timestamps += [Int64](repeating: time, count: 5)
        }
        let bytes = ChunkCodec.encodeTimestamps(timestamps)
        for first in stride(from: 0, to: timestamps.count, by: 5) {
            var part: [Int64] = []
            let range = try ChunkCodec.decodeTimestamps(
                bytes.span, from: timestamps[first], through: timestamps[first], into: &part)
            #expect(range == first..<(first + 5))
            #expect(part == Array(timestamps[first..<(first + 5)]))
        }
    }

    @Test func everyPairOfSpecialValues() throws {
        for first in RoundTripTests.specialValues {
            for second in RoundTripTests.specialValues {
                for third in [first, second, 1.5] {
                    let values = [first, second, third]
                    var decoded: [Double] = []
                    try ChunkCodec.decodeValues(ChunkCodec.encodeValues(values), into: &decoded)
                    #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern))
                }
            }
        }
    }

    @Test func borrowedMemoryIsRead() throws {
        let values = ChunkCodec.encodeValues([1, 2, 4])
        let timestamps = ChunkCodec.encodeTimestamps([10, 20, 35])
        var decodedValues: [Double] = []
        var decodedTimestamps: [Int64] = []
        try values.withUnsafeBytes { try ChunkCodec.decodeValues($0, samples: 1..<3, into: &decodedValues) }
        let range = try timestamps.withUnsafeBytes {
            try ChunkCodec.decodeTimestamps($0, from: 11, through: 20, into: &decodedTimestamps)
        }
        #expect(decodedValues == [2, 4])
        #expect(decodedTimestamps == [20] && range == 1..<2)
        #expect(try values.withUnsafeBytes { try ChunkCodec.sampleCount($0) } == 3)
    }

    #if os(Linux) || os(macOS)
        @Test func descendingTimestampsAreABug() async {
            await #expect(processExitsWith: .failure) { _ = ChunkCodec.encodeTimestamps([2, 1]) }
        }

        @Test func noValuesAreABug() async {
            await #expect(processExitsWith: .failure) { _ = ChunkCodec.encodeValues([]) }
        }
    #endif
}
