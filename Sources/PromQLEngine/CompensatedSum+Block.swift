extension CompensatedSum {
    /// The sum of a block of values: of each quarter in order, then of the quarters.
    init(_ values: UnsafeBufferPointer<Double>) {
        self.init()
        if values.count >= 16, let base = values.baseAddress, addQuarters(base, values.count) { return }
        self = CompensatedSum()
        for value in values { add(value) }
    }

    /// Rounding errors are computed with Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2, theorem B), which yields
    /// what Neumaier's comparison yields, and needs no branch. False if something was not finite: then the order of
    /// additions matters, and the result is not to be used.
    private mutating func addQuarters(_ base: UnsafePointer<Double>, _ count: Int) -> Bool {
        var sums = SIMD4<Double>.zero
        var corrections = SIMD4<Double>.zero
        let quarter = count / 4
        for index in 0..<quarter {
            // The last of these is at most `4 * quarter - 1`, before `count`.
            let values = SIMD4(
                base[index], base[quarter + index], base[2 * quarter + index], base[3 * quarter + index])
            let totals = sums + values
            let added = totals - sums
            corrections += (sums - (totals - added)) + (values - added)
            sums = totals
        }
        for lane in 0..<4 { add(CompensatedSum(sum: sums[lane], correction: corrections[lane])) }
        for index in 4 * quarter..<count { add(base[index]) }
        return sum.isFinite && correction.isFinite
    }
}
