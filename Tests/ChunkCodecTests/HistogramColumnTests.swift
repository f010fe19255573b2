import ChunkCodec
import NativeHistograms
import TestSupport
import Testing

@Suite struct HistogramColumnTests {
    private func decoded(_ bytes: [UInt8]) throws(ChunkCorruption) -> [NativeHistogram] {
        var histograms: [NativeHistogram] = []
        try ChunkCodec.decodeHistograms(bytes, into: &histograms)
        return histograms
    }

    @Test(arguments: RandomHistograms.Shape.allCases)
    func comeBackBitForBit(_ shape: RandomHistograms.Shape) throws {
        var generator = SeededGenerator.seeded("comeBackBitForBit \(shape)")
        for count in [1, 2, 3, 4, 5, 7, 8, 31, 64, 130, 700] {
            for effort in [ChunkCodec.Effort.fast, .best] {
                let histograms = RandomHistograms.series(shape, count: count, using: &generator)
                let bytes = ChunkCodec.encodeHistograms(histograms, effort: effort)
                #expect(try decoded(bytes).isSame(as: histograms), "\(count), \(effort)")
                #expect(try ChunkCodec.sampleCount(bytes) == count)
            }
        }
    }

    @Test func emptyAndHugeOnesComeBack() throws {
        var wide = NativeHistogram(positiveSpans: [.init(offset: 0, length: 70_000)])
        wide.positiveBuckets = (0..<70_000).map { Double($0 % 7) }
        var odd = wide
        odd.positiveBuckets[69_999] = -0.0
        odd.customValues = (0..<70_000).map { Double($0) }
        let sets = [
            [NativeHistogram()], Array(repeating: NativeHistogram(), count: 1000), [wide], [wide, odd, odd, wide],
            Array(repeating: wide, count: 3),
            Array(repeating: NativeHistogram(negativeBuckets: [1, 2, 3]), count: ChunkCodec.maximumSampleCount),
        ]
        for histograms in sets {
            #expect(try decoded(ChunkCodec.encodeHistograms(histograms)).isSame(as: histograms))
        }
    }

    /// A counter of 20 buckets and a day of 15 s steps.
    @Test func aDayOfHistogramsTakesFewBytes() throws {
        var generator = SeededGenerator(seed: 3)
        var histogram = NativeHistogram(
            schema: 3, zeroThreshold: 0x1p-128, positiveSpans: [.init(offset: 4, length: 20)],
            positiveBuckets: Array(repeating: 0, count: 20))
        let histograms = (0..<5760).map { _ in
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                // The sum of three: most observations are in the middle.
                let bucket = (0..<3).reduce(0) { sum, _ in sum + Int.random(in: 0...6, using: &generator) }
                histogram.positiveBuckets[bucket] += 1
                histogram.count += 1
                histogram.sum += Double.random(in: 0.1..<0.2, using: &generator)
            }
            return histogram
        }
        let bytes = ChunkCodec.encodeHistograms(histograms)
        #expect(try decoded(bytes).isSame(as: histograms))
        print("\(Double(bytes.count) / 5760) bytes a histogram")
        #expect(bytes.count < 5760 * 17)
    }

    // MARK: Released bytes

    private static let released: [(hex: String, histograms: [NativeHistogram])] = {
        var first = NativeHistogram(
            schema: 3, zeroThreshold: 0x1p-128, zeroCount: 1, count: 10, sum: 18.5,
            positiveSpans: [.init(offset: -2, length: 2), .init(offset: 3, length: 1)], positiveBuckets: [2, 3, 1],
            negativeSpans: [.init(offset: 0, length: 1)], negativeBuckets: [3])
        let many = Array(repeating: first, count: 400)
        var few = [first]
        first.counterReset = .notReset
        first.count = 14
        first.sum = 20.25
        first.positiveBuckets = [4, 5, 1]
        few.append(first)
        first.count = 19
        first.sum = 23
        first.positiveBuckets = [7, 6, 2]
        few.append(first)
        few.append(
            NativeHistogram(
                schema: NativeHistogram.customBuckets, counterReset: .gauge, count: 2.5, sum: -0.0,
                positiveSpans: [.init(offset: 0, length: 3)], positiveBuckets: [1, 0.5, 1], customValues: [0.5, 2]))
        return [(fewHex, few), (manyHex, many)]
    }()

    private static let fewHex =
        "200400020306b7e003020302060101000103010001690001000300030002010c050281050002020cb0b40a3a01000202"
        + "0103010e0504810500060acf150244ca863f0002000001011607042e0111948308b98308e400d10102000086196d6000"
        + "040203040402010101020100010c0503810500010205c78395c0c9e09b25"
    private static let manyHex =
        "2090030001900306b7e00302030206010100010301009003000000001400000002010a04900301f202528ad841000402"
        + "03041400002c5d26c2"

    @Test func releasedBytesDecode() throws {
        for (hex, histograms) in Self.released {
            let digits = Array(hex)
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
            #expect(try decoded(bytes).isSame(as: histograms))
            #expect(ChunkCodec.encodeHistograms(histograms).count <= bytes.count)
        }
    }

    // MARK: Damage

    @Test(arguments: RandomHistograms.Shape.allCases)
    func everyFlippedBitIsRefused(_ shape: RandomHistograms.Shape) {
        var generator = SeededGenerator.seeded("everyFlippedBitIsRefused \(shape)")
        let bytes = ChunkCodec.encodeHistograms(
            RandomHistograms.series(shape, count: 20, using: &generator), effort: .fast)
        for bit in 0..<(bytes.count * 8) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: ChunkCorruption.self, "bit \(bit)") { try decoded(damaged) }
        }
        for count in bytes.indices {
            #expect(throws: ChunkCorruption.self, "\(count) bytes") { try decoded(Array(bytes[..<count])) }
        }
        #expect(throws: ChunkCorruption.self) { try decoded(bytes + [0]) }
        #expect(throws: ChunkCorruption.self) { try decoded(CorruptionTests.sealed(bytes.dropLast(4) + [0])) }
    }

    /// Under a right checksum damage is refused or gives other histograms, as many as the header says.
    @Test(arguments: RandomHistograms.Shape.allCases)
    func damageUnderAValidChecksumNeverTraps(_ shape: RandomHistograms.Shape) {
        var generator = SeededGenerator.seeded("damageUnderAValidChecksumNeverTraps \(shape)")
        for count in [1, 5, 40] {
            let body = Array(
                ChunkCodec.encodeHistograms(
                    RandomHistograms.series(shape, count: count, using: &generator),
                    effort: count == 5 ? .best : .fast
                ).dropLast(4))
            for bit in 0..<min(body.count, 80) * 8 {
                var damaged = body
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                checkHandled(damaged)
            }
            for _ in 0..<100 {
                var damaged = body
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    damaged[Int.random(in: 1..<damaged.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                checkHandled(damaged)
                checkHandled(Array(damaged.prefix(Int.random(in: 1...damaged.count, using: &generator))))
            }
        }
    }

    /// Few bytes must not stand for a great many numbers.
    @Test func giantsAreRefused() {
        // 65,535 histograms of one layout with 2^32 buckets each, then with 2^20.
        for bucketBytes: [UInt8] in [[0x80, 0x80, 0x80, 0x80, 0x10], [0x80, 0x80, 0x40]] {
            var body: [UInt8] = [32, 0xFF, 0xFF, 3, 0, 1, 0xFF, 0xFF, 3, 0, 0, 0, 0]
            body += bucketBytes + [0, 0, 0xFF, 0xFF, 3, 0]
            // Constant columns.
            for _ in 0..<3 { body += [0, 0, 0, 0] }
            body += [0, 1, 0, 0, 0]
            #expect(throws: ChunkCorruption.self) { try decoded(CorruptionTests.sealed(body[...])) }
        }
        // A frame that says it is 2^26 bytes.
        let frame: [UInt8] = [32, 1, 1, 0x80, 0x80, 0x80, 0x20, 1, 2, 3]
        #expect(throws: ChunkCorruption.self) { try decoded(CorruptionTests.sealed(frame[...])) }
    }

    private func checkHandled(_ body: [UInt8]) {
        let bytes = CorruptionTests.sealed(body[...])
        var histograms = [NativeHistogram(count: 7)]
        do throws(ChunkCorruption) {
            try ChunkCodec.decodeHistograms(bytes, into: &histograms)
            #expect(histograms.count == (try? ChunkCodec.sampleCount(bytes)).map { $0 + 1 })
        } catch {
            #expect(histograms.count == 1)
        }
    }
}
