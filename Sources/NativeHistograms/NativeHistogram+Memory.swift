extension NativeHistogram {
    /// What its arrays take in memory, about, beside the histogram itself; bytes.
    package var byteCount: Int {
        var bytes = 0
        func add<Element>(_ array: [Element]) {
            if !array.isEmpty { bytes += Self.bytesPerArray + array.count * MemoryLayout<Element>.stride }
        }
        add(positiveSpans)
        add(negativeSpans)
        add(positiveBuckets)
        add(negativeBuckets)
        add(customValues)
        return bytes
    }

    /// Its count of elements and references, and what the allocator adds.
    private static let bytesPerArray = 32

    /// Whether the two have their buckets in the same memory, as copies that nobody changed have.
    package func sharesBuckets(with other: NativeHistogram) -> Bool {
        positiveBuckets.isSameMemory(as: other.positiveBuckets)
            && negativeBuckets.isSameMemory(as: other.negativeBuckets)
    }
}

extension [Double] {
    fileprivate func isSameMemory(as other: [Double]) -> Bool {
        guard count == other.count else { return false }
        return isEmpty
            || withUnsafeBufferPointer { left in
                other.withUnsafeBufferPointer { left.baseAddress == $0.baseAddress }
            }
    }
}
