#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where buckets begin and end.
enum BucketBounds {
    /// `2^(2^-n)` for n from 1 to 8, the factors between neighbours of schema n.
    private static let factors = [
        1.414213562373095, 1.189207115002721, 1.0905077326652577, 1.0442737824274138, 1.0218971486541166,
        1.0108892860517005, 1.0054299011128027, 1.0027112750502025,
    ]

    /// `2^(n/256 - 1)` for all n below 256, between which and their doublings all bounds of exponential schemas lie. Each
    /// schema has the bounds of the coarser ones and, between them, products with its factor: so Prometheus' bounds came
    /// about, and these are the same to the last bit.
    private static let fractions: [Double] = factors.reduce([0.5]) { coarser, factor in
        coarser.flatMap { [$0, $0 * factor] }
    }

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
        return scalbn(fractions[fraction], Int32(clamping: exponent + 1))
    }

    /// The upper, inclusive bound of a bucket of a histogram with custom buckets; infinity for the last one.
    static func custom(_ index: Int, _ values: [Double]) -> Double {
        if index < 0 { return -.infinity }
        return index < values.count ? values[index] : .infinity
    }
}
