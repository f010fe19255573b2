/// Powers of ten as 128-bit significands: for every exponent that a double's shortest decimal form needs, the least
/// integer that is not below `10^k / 2^(floor(log2(10^k)) - 127)`. Made once, by exact arithmetic (about 2 ms).
enum PowersOfTen {
    private static let least = -292
    private static let greatest = 324

    /// High and low word of the significand of `10^exponent`.
    @inline(__always)
    static func significand(_ exponent: Int) -> (high: UInt64, low: UInt64) { table[exponent - least] }

    private static let table: [(high: UInt64, low: UInt64)] = {
        var table = [(high: UInt64, low: UInt64)](repeating: (0, 0), count: greatest - least + 1)
        var power: [UInt32] = [1]
        for exponent in 0...greatest {
            if exponent > 0 { multiplyByTen(&power) }
            table[exponent - least] = topBits(of: power)
            if exponent > 0, -exponent >= least { table[-exponent - least] = topBitsOfReciprocal(of: power) }
        }
        return table
    }()

    /// Little-endian words.
    private static func multiplyByTen(_ number: inout [UInt32]) {
        var carry: UInt64 = 0
        for index in number.indices {
            let product = UInt64(number[index]) * 10 + carry
            number[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { number.append(UInt32(carry)) }
    }

    private static func bitWidth(_ number: [UInt32]) -> Int {
        number.count * 32 - (number.last?.leadingZeroBitCount ?? 0)
    }

    private static func bit(_ position: Int, of number: [UInt32]) -> Bool {
        position >= 0 && number[position / 32] >> UInt32(position % 32) & 1 == 1
    }

    /// The 128 most significant bits, rounded up.
    private static func topBits(of number: [UInt32]) -> (high: UInt64, low: UInt64) {
        let width = bitWidth(number)
        var top: UInt128 = 0
        for offset in 1...128 { top = top << 1 | (bit(width - offset, of: number) ? 1 : 0) }
        let hasRest = width > 128 && (0..<(width - 128)).contains { bit($0, of: number) }
        return words(hasRest ? top + 1 : top)
    }

    /// 128 bits of 2^n / number, rounded up, for the n that makes the first of them 1. The number is no power of two.
    private static func topBitsOfReciprocal(of number: [UInt32]) -> (high: UInt64, low: UInt64) {
        // Long division, bit by bit: the rest is always below the number.
        var rest = [UInt32](repeating: 0, count: number.count + 1)
        let divisor = number + [0]
        let width = bitWidth(number)
        rest[(width - 1) / 32] = 1 << UInt32((width - 1) % 32)
        var quotient: UInt128 = 0
        for _ in 0..<128 {
            double(&rest)
            quotient <<= 1
            if !isBelow(rest, divisor) {
                subtract(divisor, from: &rest)
                quotient |= 1
            }
        }
        return words(quotient + 1)
    }

    private static func double(_ number: inout [UInt32]) {
        var carry: UInt32 = 0
        for index in number.indices {
            let next = number[index] >> 31
            number[index] = number[index] << 1 | carry
            carry = next
        }
    }

    private static func isBelow(_ a: [UInt32], _ b: [UInt32]) -> Bool {
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] }
        return false
    }

    private static func subtract(_ b: [UInt32], from a: inout [UInt32]) {
        var borrow: Int64 = 0
        for index in a.indices {
            let difference = Int64(a[index]) - Int64(b[index]) + borrow
            a[index] = UInt32(truncatingIfNeeded: difference)
            borrow = difference >> 32
        }
    }

    private static func words(_ number: UInt128) -> (high: UInt64, low: UInt64) {
        (UInt64(truncatingIfNeeded: number >> 64), UInt64(truncatingIfNeeded: number))
    }
}
