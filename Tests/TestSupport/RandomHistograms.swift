package import NativeHistograms

/// Histograms as services send them, and as nobody should.
package enum RandomHistograms {
    package enum Shape: CaseIterable, Sendable {
        /// A counter whose observations spread over more buckets in time; now and then it begins anew.
        case counter
        /// Bounds of its own.
        case customBounds
        /// Counts that are not whole.
        case fractions
        /// Now these, now other buckets.
        case unsteady
        /// Any bits anywhere, spans that do not fit the buckets.
        case arbitrary
    }

    package static func series(
        _ shape: Shape, count: Int, using generator: inout some RandomNumberGenerator
    ) -> [NativeHistogram] {
        var histograms: [NativeHistogram] = []
        var current = begin(shape, using: &generator)
        for _ in 0..<count {
            switch shape {
            case .arbitrary: current = arbitrary(using: &generator)
            case .unsteady where generator.next() % 3 == 0: current = begin(shape, using: &generator)
            case .counter where generator.next() % 60 == 0:
                current = begin(shape, using: &generator)
                current.counterReset = .reset
            default: observe(&current, isWhole: shape != .fractions, using: &generator)
            }
            histograms.append(current)
        }
        return histograms
    }

    private static func begin(_ shape: Shape, using generator: inout some RandomNumberGenerator) -> NativeHistogram {
        var histogram = NativeHistogram(schema: shape == .customBounds ? NativeHistogram.customBuckets : 3)
        if shape == .customBounds {
            histogram.customValues = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
            histogram.positiveSpans = [.init(offset: 0, length: 12)]
            histogram.positiveBuckets = Array(repeating: 0, count: 12)
            return histogram
        }
        histogram.zeroThreshold = 0x1p-128
        let first = UInt32.random(in: 1...12, using: &generator)
        let second = UInt32.random(in: 0...6, using: &generator)
        histogram.positiveSpans = [.init(offset: Int32.random(in: -20...20, using: &generator), length: first)]
        if second > 0 { histogram.positiveSpans.append(.init(offset: 3, length: second)) }
        histogram.positiveBuckets = Array(repeating: 0, count: Int(first + second))
        if generator.next() % 3 == 0 {
            histogram.negativeSpans = [.init(offset: 1, length: 2)]
            histogram.negativeBuckets = [0, 0]
        }
        return histogram
    }

    private static func observe(
        _ histogram: inout NativeHistogram, isWhole: Bool, using generator: inout some RandomNumberGenerator
    ) {
        func some() -> Double {
            isWhole
                ? Double(Int.random(in: 0...9, using: &generator)) : Double.random(in: 0..<3, using: &generator)
        }
        histogram.counterReset = .notReset
        for index in histogram.positiveBuckets.indices where generator.next() % 3 == 0 {
            let more = some()
            histogram.positiveBuckets[index] += more
            histogram.count += more
            histogram.sum += more * 0.1 * Double(index)
        }
        for index in histogram.negativeBuckets.indices where generator.next() % 5 == 0 {
            let more = some()
            histogram.negativeBuckets[index] += more
            histogram.count += more
            histogram.sum -= more * 0.3
        }
        if histogram.zeroThreshold > 0 {
            let more = some()
            histogram.zeroCount += more
            histogram.count += more
        }
    }

    private static func arbitrary(using generator: inout some RandomNumberGenerator) -> NativeHistogram {
        let strange: [UInt64] = [0x7ff0_0000_0000_0002, 0x7ff8_0000_0000_0001, 1 << 63, 0x7ff0 << 48, 1, .max, 0]
        func number() -> Double {
            switch generator.next() % 4 {
            case 0: Double(bitPattern: strange[Int(generator.next() % 7)])
            case 1: Double(bitPattern: generator.next())
            default: Double(generator.next() % 1000)
            }
        }
        func numbers(_ count: UInt64) -> [Double] { (0..<generator.next() % count).map { _ in number() } }
        func spans() -> [NativeHistogram.Span] {
            (0..<generator.next() % 4).map { _ in
                NativeHistogram.Span(
                    offset: Int32(truncatingIfNeeded: generator.next()),
                    length: UInt32(truncatingIfNeeded: generator.next()))
            }
        }
        return NativeHistogram(
            schema: Int32(truncatingIfNeeded: generator.next()),
            counterReset: NativeHistogram.CounterReset.allCases[Int(generator.next() % 4)], zeroThreshold: number(),
            zeroCount: number(), count: number(), sum: number(), positiveSpans: spans(), positiveBuckets: numbers(9),
            negativeSpans: spans(), negativeBuckets: numbers(5), customValues: numbers(6))
    }
}

extension [NativeHistogram] {
    /// Bit for bit.
    package func isSame(as other: [NativeHistogram]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.hasSameBits(as: $1) }
    }
}
