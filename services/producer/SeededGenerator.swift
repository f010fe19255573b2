/// Random numbers that depend on nothing but a seed: the same on every machine and in every version.
///
/// xoshiro256** 1.0, its state filled by SplitMix64, both after Blackman and Vigna (prng.di.unimi.it).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    package init(seed: UInt64) {
        var state = seed
        func mix() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        s0 = mix()
        s1 = mix()
        s2 = mix()
        s3 = mix()
    }

    /// A generator for one subject, unrelated to those of other subjects with the same seed.
    init(seed: UInt64, subject: Int64) {
        self.init(seed: seed ^ (UInt64(bitPattern: subject) &* 0xD6E8_FEB8_6659_FD93))
    }

    package mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = (s3 << 45) | (s3 >> 19)
        return result
    }

    /// In 0..<1, with 53 random bits.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    mutating func within(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + unit() * (range.upperBound - range.lowerBound)
    }

    /// In `range`, which is not empty. The bias of the plain product is below 2⁻³² for ranges of that size.
    mutating func within(_ range: Range<Int>) -> Int {
        range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
    }

    /// Near a normal distribution with mean 0 and deviation 1: four 16-bit uniform numbers, added (Irwin–Hall). One
    /// draw, and no logarithm, whose last digit differs between machines.
    mutating func noise() -> Double {
        let bits = next()
        let sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48)
        return (Double(sum) * 0x1p-16 - 2) * 1.7320508075688772
    }
}
