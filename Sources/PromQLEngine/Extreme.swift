extension UnsafeBufferPointer<Double> {
    /// The value that is better than all others, the first of equals; NaN if there is nothing else. `worst` is no better
    /// than any value. `isBetter` compares strictly, and with NaN falsely.
    @inline(__always)
    func extreme(
        worst: Double, _ isBetter: (SIMD4<Double>, SIMD4<Double>) -> SIMDMask<SIMD4<Int64>>
    ) -> Double {
        var best = SIMD4<Double>(repeating: worst)
        var index = 0
        if let baseAddress, count >= 8 {
            let bytes = UnsafeRawPointer(baseAddress)
            while index + 4 <= count {
                // Four values from `index` on are there, since `index + 4 <= count`.
                let values = bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Double>.stride, as: SIMD4<Double>.self)
                best.replace(with: values, where: isBetter(values, best))
                index += 4
            }
            let other = SIMD4(best[2], best[3], best[0], best[1])
            best.replace(with: other, where: isBetter(other, best))
            let another = SIMD4(best[1], best[0], best[3], best[2])
            best.replace(with: another, where: isBetter(another, best))
        }
        while index < count {
            let value = SIMD4(repeating: self[index])
            best.replace(with: value, where: isBetter(value, best))
            index += 1
        }
        // Only zeros are equal and not the same, and `worst` may stand for a value or for none.
        let extreme = best[0]
        return extreme == 0 || extreme == worst ? first { $0 == extreme } ?? .nan : extreme
    }
}
