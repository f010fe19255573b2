/// Values as integers times a power of two, and as their patterns in order: for values that are no decimals.
enum BinaryScale {
    /// The integers and the exponent s of v = i * 2^-s; nil if some value is no such integer below 2^62.
    static func integers(_ values: Span<Double>) -> (integers: [Int64], exponent: Int)? {
        var lowest = Int.max
        var highest = Int.min
        for index in 0..<values.count {
            let value = values[index]
            let pattern = value.bitPattern
            if pattern == 0 { continue }
            // −0, subnormals, NaN and infinities have no place here.
            guard value.isNormal else { return nil }
            let exponent = Int(pattern >> 52 & 0x7FF) - 1_075
            lowest = min(lowest, exponent + min(pattern.trailingZeroBitCount, 52))
            highest = max(highest, exponent + 53)
        }
        guard lowest <= highest, highest - lowest <= 62, lowest >= -960, highest <= 960 else { return nil }
        let factor = Double(sign: .plus, exponent: -lowest, significand: 1)
        let integers = [Int64](capacity: values.count) { output in
            // Exact and below 2^62: what was just found out.
            for index in 0..<values.count { output.append(Int64(values[index] * factor)) }
        }
        return (integers, -lowest)
    }

    /// Patterns as integers that have the order of the values, without the lowest bits that are zero in all of them.
    static func patterns(_ values: Span<Double>) -> (integers: [Int64], shift: Int) {
        var bits: UInt64 = 0
        for index in 0..<values.count { bits |= values[index].bitPattern }
        let shift = min(bits.trailingZeroBitCount, 63)
        let rest = Int64.max &>> Int64(shift)
        let integers = [Int64](capacity: values.count) { output in
            for index in 0..<values.count {
                let number = Int64(bitPattern: values[index].bitPattern) &>> Int64(shift)
                output.append(number ^ (number &>> 63) & rest)
            }
        }
        return (integers, shift)
    }
}
