#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where buckets begin and end.
enum BucketBounds {
    /// `2^(n/256)` for all n below 256, between which and their doublings all bounds of exponential schemas lie.
    private static let fractions: [Double] = (0..<256).map { exp2(Double($0) / 256) }

    /// The upper bound of the bucket of positive numbers with this index: `2^(index * 2^-schema)`. The last bucket of finite
    /// numbers ends at the greatest of them, the one behind it is for infinity.
    static func exponential(_ index: Int, schema: Int32) -> Double {
        if schema < 0 {
            return power(of: index << Int(-max(schema, -16)), fraction: 0)
        }
        let schema = Int(min(schema, 8))
        let position = index & ((1 << schema) - 1)
        return power(of: index >> schema, fraction: position << (8 - schema))
    }

    private static func power(of exponent: Int, fraction: Int) -> Double {
        if exponent == 1024, fraction == 0 { return .greatestFiniteMagnitude }
        return scalbn(fractions[fraction], Int32(clamping: exponent))
    }

    /// The upper, inclusive bound of a bucket of a histogram with custom buckets; infinity for the last one.
    static func custom(_ index: Int, _ values: [Double]) -> Double {
        if index < 0 { return -.infinity }
        return index < values.count ? values[index] : .infinity
    }
}
