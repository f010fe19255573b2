/// The loops between values and the integers that stand for them, over raw memory like `SampleLoops`.
extension SampleLoops {
    /// Powers of ten that a Double holds exactly and that an Int64 can be divided by.
    static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ]

    /// Adding this to a Double of less than 2^51 rounds it to an integer (nearest, ties to even) that then stands in the
    /// low bits of the sum.
    private static let rounder = 0x1.8p52

    /// Appends the integer nearest to `values[i] * scale` for every i; gives how many of them, divided by `scale`, are
    /// not the value again, bit by bit.
    static func appendIntegers(_ values: Span<Double>, scale: Double, to target: inout OutputSpan<Int64>) -> Int {
        precondition(target.freeCapacity >= values.count, "the integers have room")
        return unsafe target.withUnsafeMutableBufferPointer { buffer, initializedCount in
            var misses: Int64 = 0
            let rounder = rounder
            unsafe values.withUnsafeBufferPointer { source in
                for index in 0..<source.count {
                    // Safe: both have values.count entries, checked above.
                    let value = unsafe source[index]
                    let scaled = value * scale
                    let sum = scaled + rounder
                    let back = (sum - rounder) / scale
                    let isExact = back.bitPattern == value.bitPattern && abs(scaled) < 0x1p51
                    misses &+= isExact ? 0 : 1
                    unsafe buffer[initializedCount &+ index] =
                        Int64(bitPattern: sum.bitPattern) &- Int64(bitPattern: rounder.bitPattern)
                }
            }
            initializedCount += values.count
            return Int(misses)
        }
    }

    /// Replaces integers by the patterns of the doubles that they are after division by `divisor`.
    static func divide(_ words: inout MutableSpan<UInt64>, by divisor: Double) {
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            if divisor == 1 {
                for index in 0..<buffer.count {
                    // Safe: the index is below the count; here and below.
                    unsafe buffer[index] = Double(Int64(bitPattern: buffer[index])).bitPattern
                }
            } else {
                for index in 0..<buffer.count {
                    unsafe buffer[index] = (Double(Int64(bitPattern: buffer[index])) / divisor).bitPattern
                }
            }
        }
    }

    /// Replaces integers by the patterns of the doubles that they are after multiplication by `factor`.
    static func multiply(_ words: inout MutableSpan<UInt64>, by factor: Double) {
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            for index in 0..<buffer.count {
                // Safe: the index is below the count.
                unsafe buffer[index] = (Double(Int64(bitPattern: buffer[index])) * factor).bitPattern
            }
        }
    }

    /// Replaces ordered patterns, without their `shift` lowest bits, by the patterns.
    static func unorder(_ words: inout MutableSpan<UInt64>, shift: Int) {
        let rest = Int64.max &>> Int64(shift)
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            for index in 0..<buffer.count {
                // Safe: the index is below the count.
                let number = unsafe Int64(bitPattern: buffer[index])
                let pattern = number ^ (number &>> 63) & rest
                unsafe buffer[index] = UInt64(bitPattern: pattern) &<< UInt64(shift)
            }
        }
    }

    /// Adds `more[i]` to `words[i]`; wraps.
    static func add(_ more: Span<UInt64>, to words: inout MutableSpan<UInt64>) {
        precondition(more.count == words.count, "one number a word")
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            unsafe more.withUnsafeBufferPointer { source in
                // Safe: both have the same count, checked above.
                for index in 0..<source.count { unsafe buffer[index] &+= source[index] }
            }
        }
    }

    /// Whether all values are one bit pattern.
    static func isConstant(_ values: Span<Double>) -> Bool {
        let first = values[0].bitPattern
        if values[values.count - 1].bitPattern != first { return false }
        for index in 0..<values.count where values[index].bitPattern != first { return false }
        return true
    }
}
