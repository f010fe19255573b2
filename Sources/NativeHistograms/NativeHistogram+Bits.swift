/// `==` compares numbers; this compares what is stored.
extension NativeHistogram {
    /// Whether the two are the same, bit for bit: a NaN is the same as itself, and the zeros differ.
    package func hasSameBits(as other: NativeHistogram) -> Bool {
        schema == other.schema && counterReset == other.counterReset
            && zeroThreshold.bitPattern == other.zeroThreshold.bitPattern
            && zeroCount.bitPattern == other.zeroCount.bitPattern && count.bitPattern == other.count.bitPattern
            && sum.bitPattern == other.sum.bitPattern && positiveSpans == other.positiveSpans
            && negativeSpans == other.negativeSpans && positiveBuckets.hasSameBits(as: other.positiveBuckets)
            && negativeBuckets.hasSameBits(as: other.negativeBuckets)
            && customValues.hasSameBits(as: other.customValues)
    }

    /// Whether the two have the same buckets in the same places, whatever is counted in them.
    package func hasSameLayout(as other: NativeHistogram) -> Bool {
        schema == other.schema && zeroThreshold.bitPattern == other.zeroThreshold.bitPattern
            && positiveBuckets.count == other.positiveBuckets.count
            && negativeBuckets.count == other.negativeBuckets.count && positiveSpans == other.positiveSpans
            && negativeSpans == other.negativeSpans && customValues.hasSameBits(as: other.customValues)
    }
}

extension [Double] {
    fileprivate func hasSameBits(as other: [Double]) -> Bool {
        count == other.count && elementsEqual(other) { $0.bitPattern == $1.bitPattern }
    }
}
