import NativeHistograms
import TestSupport
import Testing

@Suite struct LayoutTests {
    @Test func boundsOfBuckets() {
        let histogram = NativeHistogram(
            schema: 0, zeroThreshold: 0.001, zeroCount: 2, count: 9, sum: 1,
            positiveSpans: [.init(offset: 0, length: 2), .init(offset: 1, length: 1)], positiveBuckets: [1, 0, 3],
            negativeSpans: [.init(offset: 1, length: 1)], negativeBuckets: [3])
        let buckets = histogram.buckets
        #expect(buckets.map(\.lower) == [-2, -0.001, 0.5, 4])
        #expect(buckets.map(\.upper) == [-1, 0.001, 1, 8])
        #expect(buckets.map(\.isLowerInclusive) == [true, true, false, false])
        #expect(buckets.map(\.isUpperInclusive) == [false, true, true, true])
        #expect(histogram.description == "{count:9, sum:1, [-2,-1):3, [-0.001,0.001]:2, (0.5,1]:1, (4,8]:3}")
    }

    @Test func customBounds() {
        let histogram = NativeHistogram(observing: [1, 7, 99], schema: -53, customValues: [5, 10])
        #expect(histogram.description == "{count:3, sum:107, [-Inf,5]:1, (5,10]:1, (10,+Inf]:1}")
    }

    @Test func everySchemaDoublesInItsNumberOfBuckets() {
        for schema in NativeHistogram.exponentialSchemas where schema >= 0 {
            let count = 1 << Int(schema)
            let histogram = NativeHistogram(
                schema: schema, positiveSpans: [.init(offset: 1, length: UInt32(count))],
                positiveBuckets: [Double](repeating: 1, count: count))
            #expect(histogram.buckets.first?.lower == 1 && histogram.buckets.last?.upper == 2)
        }
        // As in Prometheus' table of bounds.
        let fine = NativeHistogram(
            schema: 3, positiveSpans: [.init(offset: -7, length: 7)], positiveBuckets: [Double](repeating: 1, count: 7))
        #expect(
            fine.buckets.map(\.upper) == [
                0.5452538663326288, 0.5946035575013605, 0.6484197773255048, 0.7071067811865475, 0.7711054127039704,
                0.8408964152537144, 0.9170040432046711,
            ])
        let coarse = NativeHistogram(
            schema: -4, positiveSpans: [.init(offset: 64, length: 2)], positiveBuckets: [1, 1])
        #expect(coarse.buckets.map(\.upper) == [.greatestFiniteMagnitude, .infinity])
    }

    @Test func numbersAsGoWritesThem() {
        let texts: [(Double, String)] = [
            (100_000, "100000"), (1_000_000, "1e+06"), (1_234_567, "1.234567e+06"), (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"), (-0.5, "-0.5"), (1e100, "1e+100"), (.infinity, "+Inf"), (.nan, "NaN"),
            (-0.0, "-0"), (12.5, "12.5"), (.leastNonzeroMagnitude, "5e-324"),
        ]
        for (number, text) in texts {
            #expect(NativeHistogram(sum: number).description == "{count:0, sum:\(text)}")
        }
    }

    @Test func compactionLeavesOutEmptyBuckets() {
        let histogram = NativeHistogram(
            positiveSpans: [.init(offset: -2, length: 3), .init(offset: 2, length: 2)],
            positiveBuckets: [0, 1, 0, 0, 2])
        let compacted = histogram.compacted
        #expect(compacted.positiveSpans == [.init(offset: -1, length: 1), .init(offset: 4, length: 1)])
        #expect(compacted.positiveBuckets == [1, 2])
        #expect(compacted.buckets == histogram.buckets)
    }

    @Test func classicBucketsBecomeCustomOnes() {
        var classic = ClassicBuckets()
        classic.buckets = [(1.0, 2.0), (.infinity, 9), (4, 2), (8, 7)].map { .init(upperBound: $0, count: $1) }
        classic.sum = 30
        let histogram = classic.histogram
        #expect(histogram?.customValues == [1, 4, 8])
        #expect(histogram?.buckets.map(\.count) == [2, 5, 2])
        #expect(histogram?.count == 9 && histogram?.sum == 30)
        classic.buckets[1] = .init(upperBound: .infinity, count: 1)
        #expect(classic.histogram == nil)
    }

    /// Whatever comes in, nothing traps.
    @Test func anythingIsTaken() {
        var generator = SeededGenerator.seeded("anythingIsTaken")
        func random() -> NativeHistogram {
            func spans() -> [NativeHistogram.Span] {
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    let isWild = Bool.random(using: &generator)
                    return NativeHistogram.Span(
                        offset: isWild
                            ? .random(in: .min ... .max, using: &generator) : .random(in: -5...5, using: &generator),
                        length: isWild
                            ? .random(in: .min ... .max, using: &generator) : .random(in: 0...5, using: &generator))
                }
            }
            func numbers() -> [Double] {
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    Double(bitPattern: UInt64.random(in: .min ... .max, using: &generator))
                }
            }
            let schemas: [Int32] = [-53, 0, 3, 8, -4, .random(in: .min ... .max, using: &generator)]
            return NativeHistogram(
                schema: schemas.randomElement(using: &generator) ?? 0,
                zeroThreshold: numbers().first ?? 0, zeroCount: numbers().first ?? 0, count: numbers().first ?? 1,
                sum: numbers().first ?? 0, positiveSpans: spans(), positiveBuckets: numbers(), negativeSpans: spans(),
                negativeBuckets: numbers(), customValues: numbers())
        }
        for _ in 0..<5000 {
            let (a, b) = (random(), random())
            var sum = a
            _ = try? sum.add(b)
            var mean = HistogramMean(a)
            try? mean.add(b)
            _ = (a.isReset(after: b), a.matches(b), a.description, mean.value, a.reduced(to: b.schema))
            _ = (a.quantile(0.3), a.quantile(0.8), a.fraction(from: -1, to: 1), a.variance)
            _ = (a.trimmed(above: b.sum), a.trimmed(below: b.sum), try? a.validate(), sum.compacted)
        }
    }
}

@Suite struct ValidationTests {
    @Test func soundHistogramsPass() throws {
        try NativeHistogram(observing: [1, -2, 0.1, 7], schema: 3, zeroThreshold: 0.25).validate()
        try NativeHistogram(observing: [1, -2, 7], schema: -53, customValues: [-1, 2]).validate()
        try NativeHistogram(observing: [.nan]).validate()
    }

    @Test func faultsAreNamed() {
        let sound = NativeHistogram(observing: [1, 3], schema: 1)
        let custom = NativeHistogram(observing: [1, 3], schema: -53, customValues: [2])
        func fault(_ base: NativeHistogram, _ change: (inout NativeHistogram) -> Void) -> HistogramFault? {
            var changed = base
            change(&changed)
            do {
                try changed.validate()
                return nil
            } catch {
                return error
            }
        }
        #expect(fault(sound) { $0.schema = 9 } == .unknownSchema(9))
        #expect(
            fault(sound) { $0.positiveBuckets.append(1) }
                == .bucketCount(sign: "positive", expected: 2, found: 3))
        #expect(fault(sound) { $0.positiveSpans[1].offset = -1 } == .overlappingSpans(sign: "positive"))
        #expect(fault(sound) { $0.positiveBuckets[0] = -1 } == .negativeCount("a positive bucket", -1))
        #expect(fault(sound) { $0.zeroThreshold = -1 } == .zeroThreshold(-1))
        #expect(fault(sound) { $0.customValues = [1] } != nil)
        #expect(fault(custom) { $0.customValues = [2, 2] } == .customValues("must ascend, but 2.0 follows 2.0"))
        #expect(fault(custom) { $0.customValues = [.infinity] } != nil)
        #expect(fault(custom) { $0.zeroCount = 1 } != nil)
        #expect(fault(custom) { $0.customValues = [] } != nil)
    }
}
