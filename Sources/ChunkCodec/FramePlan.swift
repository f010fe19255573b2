/// How one frame's numbers are packed best: which bits regularly, which as exceptions.
struct FramePlan {
    var base: Int64 = 0
    var width = 0
    var exceptionCount = 0
    /// About what the frame will take, header included.
    var bitCount = 24

    init() {}

    /// Finds a base and a width such that few numbers lie outside base ..< base + 2^width. O(numbers).
    ///
    /// Numbers are sorted into buckets by their distance (as a power of two) from one in the middle; then for each bucket
    /// the cost of packing all that is nearer and excepting the rest is known, but for how evenly the exceptions lie.
    ///
    /// - Parameter stride: looks at every stride-th number only; more than 1 gives an estimate, not a plan to pack by.
    init(_ numbers: Span<Int64>, range: Range<Int>, stride: Int = 1, buckets: inout DistanceBuckets) {
        let count = (range.count + stride - 1) / stride
        if count == 0 { return }
        let middle = FramePlan.middle(numbers, range)
        SampleLoops.sort(numbers, range: range, stride: stride, around: middle, into: &buckets)
        let all = buckets.extent
        var low = Int64.max
        var high = Int64.min
        var inside = 0
        bitCount = Int.max
        for index in 0...64 {
            let bucket = buckets.entries[index]
            if bucket.count == 0 { continue }
            inside += bucket.count
            low = min(low, bucket.low)
            high = max(high, bucket.high)
            let outside = count - inside
            // A quarter of the numbers outside is a wrong frame.
            if outside > count / 4 { continue }
            let bits = 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount
            var cost = count * bits * stride + 24
            if outside > 0 {
                if bits > 62 { continue }
                // What is above the packed bits, between the lowest and the highest number.
                let lowest = (all.low &- low) &>> Int64(bits)
                let highest = (all.high &- low) &>> Int64(bits)
                let payload = 64 - UInt64(bitPattern: highest &- lowest).leadingZeroBitCount
                let gap = 66 - UInt64(count / outside).leadingZeroBitCount
                cost += outside * stride * (payload + gap) + 48
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
/// distance. An array, so that it is made once a column.
struct DistanceBuckets {
    struct Entry {
        var count = 0
        var low = Int64.max
        var high = Int64.min
    }

    var entries = [Entry](repeating: Entry(), count: 65)

    /// The lowest and the highest of all.
    var extent: (low: Int64, high: Int64) {
        var low = Int64.max
        var high = Int64.min
        for entry in entries where entry.count > 0 {
            low = min(low, entry.low)
            high = max(high, entry.high)
        }
        return (low, high)
    }
}
