import ChunkCodec
import TestSupport
import Testing

@Suite struct RoundTripTests {
    static let specialValues: [Double] = [
        0, -0.0, 1, -1, 0.1, .infinity, -.infinity, .nan, .signalingNaN, .leastNonzeroMagnitude,
        -.leastNonzeroMagnitude,
        .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .pi,
        // Prometheus' stale marker and its ordinary NaN.
        Double(bitPattern: 0x7ff0_0000_0000_0002), Double(bitPattern: 0x7ff8_0000_0000_0001),
        Double(bitPattern: 0xffff_ffff_ffff_ffff), Double(bitPattern: 0x0000_0001_0000_0000),
        Double(bitPattern: 0x000f_ffff_ffff_ffff), Double(bitPattern: 0x8000_0000_0000_0001),
    ]

    @Test func everyPairOfSpecialValues() throws {
        for first in Self.specialValues {
            for second in Self.specialValues {
                for third in [first, second, 1.5] {
                    let columns = Columns(timestamps: [1, 2, 3], values: [first, second, third])
                    #expect(try Columns(decoding: columns.encoded()) == columns)
                }
            }
        }
    }

    @Test func everyPatternOfSmallSizes() throws {
        // Three steps (same, small, huge) and three values at every position, up to four samples.
        let steps: [Int64] = [0, 1, 1 << 40]
        let values: [Double] = [1, 1.0000000000000002, -3]
        for count in 1...4 {
            for code in 0..<Int(repeatElement(9, count: count).reduce(1, *)) {
                var columns = Columns(timestamps: [], values: [])
                var rest = code
                var time: Int64 = -5
                for _ in 0..<count {
                    time += steps[rest % 3]
                    columns.timestamps.append(time)
                    columns.values.append(values[rest / 3 % 3])
                    rest /= 9
                }
                let bytes = columns.encoded()
                #expect(try Columns(decoding: bytes) == columns)
                #expect(try ChunkCodec.sampleCount(bytes) == count)
            }
        }
    }

    @Test(arguments: [
        [Int64.min, Int64.max], [Int64.min, 0, Int64.max], [Int64.min, Int64.min, Int64.max, Int64.max],
        [Int64.min, -1, 0, 1, Int64.max - 1, Int64.max], [Int64.max, Int64.max, Int64.max], [Int64.min],
    ])
    func extremeTimestamps(timestamps: [Int64]) throws {
        let columns = Columns(timestamps: timestamps, values: timestamps.map { Double($0) })
        #expect(try Columns(decoding: columns.encoded()) == columns)
    }

    @Test func changesAroundEveryBucketEdge() throws {
        for edge in [64, 8_192, 524_288, 1 << 31] as [Int64] {
            for change in [-edge - 1, -edge, -edge + 1, edge - 1, edge, edge + 1] {
                let step: Int64 = 1 << 33
                let columns = Columns(
                    timestamps: [0, step, 2 * step + change, 3 * step + change, 4 * step], values: [1, 2, 3, 4, 5])
                #expect(try Columns(decoding: columns.encoded()) == columns)
            }
        }
    }

    @Test(arguments: [1, 2, 63, 64, 65, 127, 128, 129, 16_383, 16_384, 65_535])
    func constantColumnsCostTwoBitsASample(count: Int) throws {
        let columns = Columns(
            timestamps: (0..<count).map { 1_700_000_000_000 + Int64($0) * 15_000 },
            values: [Double](repeating: 42, count: count))
        let bytes = columns.encoded()
        #expect(try Columns(decoding: bytes) == columns)
        #expect(try ChunkCodec.sampleCount(bytes) == count)
        #expect(bytes.count <= 1 + 3 + 16 + 4 + 4 + (2 * count + 7) / 8)
    }

    @Test(arguments: 0..<40)
    func seededColumns(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let columns = Self.randomColumns(using: &random)
            #expect(try Columns(decoding: columns.encoded()) == columns)
        }
    }

    @Test func appendsBehindWhatIsThere() throws {
        let parts = (0..<5).map { part in
            Columns(timestamps: [Int64(part) * 10, Int64(part) * 10 + 4], values: [Double(part), -Double(part)])
        }
        var all = Columns(timestamps: [], values: [])
        for part in parts {
            try ChunkCodec.decode(part.encoded(), intoTimestamps: &all.timestamps, values: &all.values)
        }
        #expect(all.timestamps == parts.flatMap(\.timestamps))
        #expect(all.values == parts.flatMap(\.values))
    }

    @Test func spansOfSlicesAreAccepted() throws {
        let timestamps: [Int64] = [1, 2, 3, 4]
        let values: [Double] = [5, 6, 7, 8]
        let middleTimestamps = timestamps[1...2]
        let middleValues = values[1...2]
        let bytes = ChunkCodec.encode(timestamps: middleTimestamps.span, values: middleValues.span)
        #expect(bytes == ChunkCodec.encode(timestamps: [2, 3], values: [6, 7]))
    }

    #if os(Linux) || os(macOS)
        @Test func descendingTimestampsAreABug() async {
            await #expect(processExitsWith: .failure) {
                _ = ChunkCodec.encode(timestamps: [2, 1], values: [0, 0])
            }
        }

        @Test func noSamplesAreABug() async {
            await #expect(processExitsWith: .failure) {
                _ = ChunkCodec.encode(timestamps: [], values: [])
            }
        }
    #endif

    /// Columns of one of several characters: regular scrapes, jitter, gaps, any; gauges, counters, noise, any bits.
    static func randomColumns(using random: inout SeededGenerator) -> Columns {
        let count = Int.random(in: 1...300, using: &random)
        let timeCharacter = Int.random(in: 0..<4, using: &random)
        let valueCharacter = Int.random(in: 0..<5, using: &random)
        var columns = Columns(timestamps: [], values: [])
        var time: Int64 = 1_700_000_000_000
        var value = 100.0
        for _ in 0..<count {
            switch timeCharacter {
            case 0: time += 15_000
            case 1: time += 15_000 + Int64.random(in: -30...30, using: &random)
            case 2: time += Int64.random(in: 0...(1 << Int64.random(in: 0...44, using: &random)), using: &random)
            default: time = Int64.random(in: .min ... .max, using: &random)
            }
            switch valueCharacter {
            case 0: value = Double(Int.random(in: 0...100, using: &random)) / 10
            case 1: value += Double(Int.random(in: 0...5, using: &random))
            case 2: value = Double.random(in: -1...1, using: &random)
            case 3: value = specialValues.randomElement(using: &random) ?? 0
            default: value = Double(bitPattern: random.next())
            }
            columns.timestamps.append(time)
            columns.values.append(value)
        }
        columns.timestamps.sort()
        return columns
    }
}
