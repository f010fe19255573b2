import TestSupport
import Testing

@testable import NativeHistograms

@Suite struct ObservedHistogramTests {
    private func observed(_ values: [Double]) -> NativeHistogram {
        var observed = ObservedHistogram()
        for value in values { observed.observe(value) }
        return observed.histogram
    }

    @Test func eachValueIsInTheBucketThatHoldsIt() throws {
        var generator = SeededGenerator.seeded("each value is in its bucket")
        for _ in 0..<2000 {
            let exponent = Double.random(in: -120...1000, using: &generator)
            let value = Double(
                sign: .plus, exponent: Int(exponent), significand: Double.random(in: 1..<2, using: &generator))
            let bucket = try #require(observed([value]).buckets.first)
            #expect(bucket.lower < value && value <= bucket.upper, "\(value) in \(bucket)")
            let mirrored = try #require(observed([-value]).buckets.first)
            #expect(mirrored.lower <= -value && -value < mirrored.upper, "\(-value) in \(mirrored)")
        }
        for power in -100...100 {
            let value = Double(sign: .plus, exponent: power, significand: 1)
            #expect(observed([value]).buckets.first?.upper == value, "a bound belongs to the bucket below")
        }
        for value in [Double.greatestFiniteMagnitude, 0x1p-127] { #expect(observed([value]).buckets.count == 1) }
    }

    @Test func countsAndSumsAreThoseOfTheValues() throws {
        var observed = ObservedHistogram()
        for value in [0, 1e-40, 2.5, -1.25, 2.5] { observed.observe(value, weight: 2) }
        let histogram = observed.histogram
        #expect(histogram.count == 10 && histogram.zeroCount == 4 && histogram.sum == 7.5)
        #expect(histogram.positiveBuckets == [4] && histogram.negativeBuckets == [2])
        try histogram.validate()
    }

    @Test func theResolutionIsHalvedWhereBucketsWouldBeTooMany() throws {
        let values = (0..<4000).map {
            1.01 * Double(sign: .plus, exponent: $0 / 100, significand: 1 + Double($0 % 100) / 100)
        }
        let histogram = observed(values)
        try histogram.validate()
        #expect(histogram.schema < 3)
        #expect(histogram.positiveBuckets.count <= ObservedHistogram.mostBuckets)
        #expect(histogram.positiveBuckets.reduce(0, +) == 4000)
        var all: [(Double, Double)] = []
        for bucket in histogram.buckets { all.append((bucket.upper, bucket.count)) }
        for (upper, count) in all {
            let lower = all.last { $0.0 < upper }?.0 ?? 0
            #expect(Double(values.filter { $0 > lower && $0 <= upper }.count) == count, "up to \(upper)")
        }
    }
}
