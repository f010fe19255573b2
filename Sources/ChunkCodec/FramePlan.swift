/// How one frame's numbers are packed best: which bits regularly, which as exceptions.
struct FramePlan {
    var base: Int64 = 0
    var width = 0
    var exceptionCount = 0
    /// About what the frame will take, header included.
    var bitCount = 24

    /// Finds a base and a width such that few numbers lie outside base ..< base + 2^width. O(numbers).
    ///
    /// Numbers are sorted into buckets by their distance (as a power of two) from one in the middle; then for each
    /// bucket the cost of packing all that is nearer and excepting the rest is known exactly, but for the exceptions' gaps.
    init(_ numbers: Span<Int64>, range: Range<Int>, isEntropyCoded: Bool = false) {
        let count = range.count
        if count == 0 { return }
        let middle = FramePlan.middle(numbers, range)
        var buckets = DistanceBuckets()
        SampleLoops.sort(numbers, range: range, around: middle, into: &buckets)
        let minimum = buckets.minimum
        let maximum = buckets.maximum
        var low = Int64.max
        var high = Int64.min
        var inside = 0
        bitCount = Int.max
        for index in 0...64 {
            let bucketCount = Int(buckets.counts[index])
            if bucketCount == 0 { continue }
            inside += bucketCount
            low = min(low, buckets.lows[index])
            high = max(high, buckets.highs[index])
            let bits = 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount
            var cost = count * bits + 24
            let outside = count - inside
            if outside > 0 {
                // A quarter of the numbers outside is a wrong frame; and with entropy coding the plane holds 8 bits.
                if outside > count / 4 { continue }
                // What is above the packed bits, between the lowest and the highest outlier. Only one end may be an outlier.
                let lowest = (minimum &- low) &>> Int64(min(bits, 63))
                let highest = (maximum &- low) &>> Int64(min(bits, 63))
                let payload = 64 - UInt64(bitPattern: highest &- lowest).leadingZeroBitCount
                let gap = 66 - UInt64(count / outside).leadingZeroBitCount
                cost += outside * (payload + gap) + 48
            }
            if cost < bitCount {
                bitCount = cost
                base = middle &+ low
                width = bits
                exceptionCount = outside
            }
        }
    }

    /// The median of up to nine numbers.
    private static func middle(_ numbers: Span<Int64>, _ range: Range<Int>) -> Int64 {
        var picked = InlineArray<9, Int64>(repeating: 0)
        var count = 0
        let stride = max(1, range.count / 9)
        var index = range.lowerBound + (range.count - 1) % stride / 2
        while index < range.upperBound, count < 9 {
            let number = numbers[index]
            var slot = count
            while slot > 0, picked[slot - 1] > number {
                picked[slot] = picked[slot - 1]
                slot -= 1
            }
            picked[slot] = number
            count += 1
            index += stride
        }
        return picked[count / 2]
    }
}

/// Numbers sorted by the bits of their zigzag distance from a middle: per bucket how many, the lowest and the highest
/// distance.
struct DistanceBuckets {
    var counts = InlineArray<65, Int32>(repeating: 0)
    var lows = InlineArray<65, Int64>(repeating: .max)
    var highs = InlineArray<65, Int64>(repeating: .min)

    var minimum: Int64 {
        var found = Int64.max
        for index in 0...64 { found = min(found, lows[index]) }
        return found
    }

    var maximum: Int64 {
        var found = Int64.min
        for index in 0...64 { found = max(found, highs[index]) }
        return found
    }
}
