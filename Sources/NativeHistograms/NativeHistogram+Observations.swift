#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension NativeHistogram {
    /// The histogram of these numbers with the exponential buckets of a schema; zeros are in the zero bucket.
    ///
    /// NaN counts and is in no bucket, as in Prometheus' clients.
    package init(of observations: some Sequence<Double>, schema: Int32) {
        precondition(
            NativeHistogram.exponentialSchemas.contains(schema), "only exponential schemas have bounds of their own")
        var positive: [Int: Double] = [:]
        var negative: [Int: Double] = [:]
        self.init(schema: schema)
        var total = CompensatedCell(0)
        for value in observations {
            count += 1
            total.add(CompensatedCell(value))
            if value == 0 {
                zeroCount += 1
            } else if value > 0 {
                positive[BucketBounds.exponentialIndex(of: value, schema: schema), default: 0] += 1
            } else if value < 0 {
                negative[BucketBounds.exponentialIndex(of: -value, schema: schema), default: 0] += 1
            }
        }
        sum = total.total
        (positiveSpans, positiveBuckets) = NativeHistogram.spans(of: positive)
        (negativeSpans, negativeBuckets) = NativeHistogram.spans(of: negative)
    }

    private static func spans(of buckets: [Int: Double]) -> ([Span], [Double]) {
        var spans: [Span] = []
        var counts: [Double] = []
        var next = 0
        for (index, count) in buckets.sorted(by: { $0.key < $1.key }) {
            if index == next, var last = spans.popLast() {
                last.length += 1
                spans.append(last)
            } else {
                spans.append(Span(offset: Int32(index - next), length: 1))
            }
            counts.append(count)
            next = index + 1
        }
        return (spans, counts)
    }
}

extension BucketBounds {
    /// The bucket that a positive number belongs to: the first whose upper, inclusive bound it does not exceed.
    static func exponentialIndex(of value: Double, schema: Int32) -> Int {
        // Infinity is behind the bucket of the greatest finite number.
        let greatest = schema >= 0 ? 1024 << Int(schema) : -(-1024 >> Int(-schema))
        if value == .infinity { return greatest + 1 }
        let (exponent, significand) = (Int(value.exponent), value.significand)
        // A first guess by the logarithm, which rounding may put a bucket away.
        let logarithm = Double(exponent) + log2(significand)
        var index = Int(
            (logarithm * (schema >= 0 ? Double(1 << Int(schema)) : 1 / Double(1 << Int(-schema)))).rounded(.up))
        while exponential(index, schema: schema) < value { index += 1 }
        while exponential(index - 1, schema: schema) >= value { index -= 1 }
        return index
    }
}
