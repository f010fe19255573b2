import NativeHistograms
import TestSupport
import Testing

@Suite struct ArithmeticTests {
    @Test(arguments: [(0, 0), (3, 1), (1, 4), (-1, 2)] as [(Int32, Int32)])
    func sumIsWhatAllObservationsMake(_ schemas: (Int32, Int32)) throws {
        var generator = SeededGenerator.seeded("sumIsWhatAllObservationsMake")
        for _ in 0..<50 {
            let left = observations(Int.random(in: 0...40, using: &generator), using: &generator)
            let right = observations(Int.random(in: 0...40, using: &generator), using: &generator)
            // One of them begins its buckets later, at a bound of every schema here.
            let thresholds: (Double, Double) = Bool.random(using: &generator) ? (0.0625, 1) : (1, 0.0625)
            var sum = NativeHistogram(observing: left, schema: schemas.0, zeroThreshold: thresholds.0)
            let other = NativeHistogram(observing: right, schema: schemas.1, zeroThreshold: thresholds.1)
            let remarks = try sum.add(other)
            #expect(remarks.isEmpty)
            let expected = NativeHistogram(
                observing: left + right, schema: min(schemas.0, schemas.1), zeroThreshold: 1)
            #expect(sum.isClose(to: expected), "\(sum) is not \(expected)")
            _ = try sum.subtract(other)
            let rest = NativeHistogram(observing: left, schema: min(schemas.0, schemas.1), zeroThreshold: 1)
            #expect(sum.isClose(to: rest), "\(sum) is not \(rest)")
        }
    }

    @Test func customBoundsAreReducedToCommonOnes() throws {
        var generator = SeededGenerator.seeded("customBoundsAreReducedToCommonOnes")
        let (left, right) = (observations(40, using: &generator), observations(40, using: &generator))
        var sum = NativeHistogram(observing: left, schema: -53, customValues: [-1, 0.5, 2, 4])
        let other = NativeHistogram(observing: right, schema: -53, customValues: [-3, -1, 1, 2])
        #expect(try sum.add(other) == .reconciledBounds)
        #expect(sum.isClose(to: NativeHistogram(observing: left + right, schema: -53, customValues: [-1, 2])))
    }

    @Test func exponentialAndCustomBucketsDoNotMix() {
        var exponential = NativeHistogram(observing: [1, 2])
        let custom = NativeHistogram(observing: [1, 2], schema: -53, customValues: [1])
        #expect(throws: HistogramMismatch.incompatibleSchemas) { _ = try exponential.add(custom) }
    }

    @Test func thresholdInsideOfABucketTakesTheBucket() throws {
        var histogram = NativeHistogram(observing: [1.5, 5], schema: 0)
        _ = try histogram.add(NativeHistogram(observing: [1.2], schema: 0, zeroThreshold: 1.3))
        #expect(histogram.zeroThreshold == 2)
        #expect(histogram.zeroCount == 2)
        #expect(histogram.positiveBuckets == [1])
    }

    @Test func hintsOfSums() throws {
        typealias Hint = NativeHistogram.CounterReset
        let cases: [(Hint, Hint, Hint, HistogramCombination)] = [
            (.unknown, .notReset, .unknown, []), (.reset, .notReset, .unknown, .conflictingResets),
            (.reset, .reset, .reset, []), (.gauge, .reset, .gauge, []), (.notReset, .gauge, .gauge, []),
        ]
        for (left, right, expected, remarks) in cases {
            var sum = NativeHistogram(counterReset: left)
            #expect(try sum.add(NativeHistogram(counterReset: right)) == remarks)
            #expect(sum.counterReset == expected)
        }
    }

    @Test func factors() {
        var histogram = NativeHistogram(observing: [1, 3, -3], zeroThreshold: 0.5)
        histogram.multiply(by: -2)
        #expect(histogram.count == -6 && histogram.sum == -2 && histogram.positiveBuckets == [-2, -2])
        #expect(histogram.counterReset == .gauge)
        histogram.divide(by: 0)
        #expect(histogram.count == -.infinity && histogram.positiveBuckets.isEmpty && histogram.positiveSpans.isEmpty)
    }

    @Test func compensationKeepsSmallTerms() throws {
        func histogram(_ value: Double) -> NativeHistogram {
            NativeHistogram(
                count: 1, sum: value, positiveSpans: [.init(offset: 0, length: 1)], positiveBuckets: [value])
        }
        var sum = HistogramSum(histogram(1))
        var mean = HistogramMean(histogram(1))
        for value in [1e100, 1, -1e100] {
            try sum.add(histogram(value))
            try mean.add(histogram(value))
        }
        #expect(sum.value.sum == 2 && sum.value.positiveBuckets == [2])
        #expect(mean.value.sum == 0.5 && mean.value.count == 1)
    }

    @Test func meansOutliveOverflow() throws {
        let large = NativeHistogram(count: 1e308, sum: 1)
        var mean = HistogramMean(large)
        for _ in 0..<3 { try mean.add(large) }
        #expect((mean.value.count / 1e308 - 1).magnitude < 1e-12 && (mean.value.sum - 1).magnitude < 1e-12)
    }

    @Test func conflictsAcrossOthersAreRemarked() throws {
        var sum = HistogramSum(NativeHistogram(counterReset: .reset))
        try sum.add(NativeHistogram(counterReset: .gauge))
        #expect(sum.remarks.isEmpty)
        try sum.add(NativeHistogram(counterReset: .notReset))
        #expect(sum.remarks == .conflictingResets && sum.value.counterReset == .gauge)
    }
}
