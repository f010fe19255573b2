extension CompensatedSum {
    /// The sum of a block of values, in four independent lanes.
    init(_ values: UnsafeBufferPointer<Double>) {
        self.init()
        if values.count >= 16, let base = values.baseAddress, addLanes(base, values.count) { return }
        self = CompensatedSum()
        for value in values { add(value) }
    }

    /// Rounding errors are computed with Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2, theorem B), which yields
    /// what Neumaier's comparison yields, and needs no branch. False if something was not finite: then the order of
    /// additions matters, and the result is not to be used.
    private mutating func addLanes(_ base: UnsafePointer<Double>, _ count: Int) -> Bool {
        var sums = SIMD4<Double>.zero
        var corrections = SIMD4<Double>.zero
        let bytes = UnsafeRawPointer(base)
        var index = 0
        while index + 4 <= count {
            // Four values from `index` on are there, since `index + 4 <= count`.
            let values = bytes.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Double>.stride, as: SIMD4<Double>.self)
            let totals = sums + values
            let added = totals - sums
            corrections += (sums - (totals - added)) + (values - added)
            sums = totals
            index += 4
        }
        for lane in 0..<4 { add(CompensatedSum(sum: sums[lane], correction: corrections[lane])) }
        while index < count {
            add(base[index])
            index += 1
        }
        return sum.isFinite && correction.isFinite
    }
}
