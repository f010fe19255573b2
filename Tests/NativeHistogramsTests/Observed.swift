import NativeHistograms

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension NativeHistogram {
    /// What these observations make: the layout worked out one by one from the definition, as a yardstick.
    init(observing values: [Double], schema: Int32 = 0, zeroThreshold: Double = 0, customValues: [Double] = []) {
        var positive: [Int: Double] = [:]
        var negative: [Int: Double] = [:]
        self.init(schema: schema, zeroThreshold: zeroThreshold, customValues: customValues)
        for value in values {
            count += 1
            sum += value
            if value.isNaN { continue }
            if usesCustomBuckets {
                positive[customValues.firstIndex { value <= $0 } ?? customValues.count, default: 0] += 1
            } else if value.magnitude <= zeroThreshold {
                zeroCount += 1
            } else {
                let index = Int((log2(value.magnitude) * exp2(Double(schema))).rounded(.up))
                if value > 0 { positive[index, default: 0] += 1 } else { negative[index, default: 0] += 1 }
            }
        }
        (positiveSpans, positiveBuckets) = Self.packed(positive)
        (negativeSpans, negativeBuckets) = Self.packed(negative)
    }

    private static func packed(_ buckets: [Int: Double]) -> ([Span], [Double]) {
        var spans: [Span] = []
        var next = 0
        let ascending = buckets.sorted { $0.key < $1.key }
        for (index, _) in ascending {
            if !spans.isEmpty, index == next {
                spans[spans.count - 1].length += 1
            } else {
                spans.append(Span(offset: Int32(index - next), length: 1))
            }
            next = index + 1
        }
        return (spans, ascending.map(\.value))
    }

    func isClose(to other: NativeHistogram) -> Bool {
        var (left, right) = (compacted, other.compacted)
        guard abs(left.sum - right.sum) <= 1e-9 * max(1, abs(left.sum)) else { return false }
        left.sum = 0
        right.sum = 0
        return left.matches(right)
    }
}

/// Whole and broken numbers of both signs, off the bounds of buckets.
func observations(_ count: Int, using generator: inout some RandomNumberGenerator) -> [Double] {
    (0..<count).map { _ in
        let magnitude = exp2(Double.random(in: -3...3, using: &generator))
        return Bool.random(using: &generator) ? magnitude : -magnitude
    }
}
