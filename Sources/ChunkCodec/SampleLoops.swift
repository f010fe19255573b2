/// The loops that touch every sample, over raw memory: the one file of this module that holds pointers.
///
/// Each function checks once, before its loop, that every index and every load lies inside the spans that it was given;
/// the proofs stand at the loops. The rest of the module hands in spans and never sees an address. Packed numbers are
/// stored least significant bit first, so that one is a shift and a mask of a little-endian word.
enum SampleLoops {
    /// Sets `words[range]` to `base` plus the numbers of `width` bits that follow `bit` in the first `limit` bytes.
    /// Wraps at 64 bits. O(count).
    ///
    /// - Precondition: `width` is 0...64, and `range.count * width` bits follow `bit` within `limit` bytes.
    static func unpack(
        _ bytes: Span<UInt8>, limit: Int, bit: Int, width: Int, base: UInt64, into words: inout MutableSpan<UInt64>,
        range: Range<Int>
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers have room")
        precondition(width >= 0 && width <= 64 && bit >= 0 && limit <= bytes.count, "packed numbers lie in the bytes")
        precondition(bit + range.count * width <= limit * 8, "packed numbers lie in the bytes")
        let count = range.count
        unsafe bytes.withUnsafeBytes { source in
            unsafe words.withUnsafeMutableBufferPointer { all in
                guard count > 0, let target = unsafe all.baseAddress.map({ unsafe $0 + range.lowerBound }) else {
                    return
                }
                // Safe: target[0 ..< count] is words[range], checked above.
                if width == 0 {
                    unsafe target.update(repeating: base, count: count)
                    return
                }
                let mask = UInt64.max &>> UInt64(64 &- width)
                // A load takes 8 bytes (9 if the number may reach across them); these many numbers can be loaded so.
                let loadByteCount = width <= 57 ? 8 : 9
                let lastBit = (source.count - loadByteCount) * 8 + 7 - bit
                let wholeCount = lastBit < 0 ? 0 : min(count, lastBit / width + 1)
                var position = bit
                if width <= 57 {
                    for index in 0..<wholeCount {
                        // Safe: (position >> 3) + 8 <= source.count by the choice of wholeCount.
                        let word = unsafe source.loadUnaligned(fromByteOffset: position &>> 3, as: UInt64.self)
                        unsafe target[index] =
                            base &+ (word.littleEndian &>> UInt64(truncatingIfNeeded: position & 7)) & mask
                        position &+= width
                    }
                } else {
                    for index in 0..<wholeCount {
                        // Safe: (position >> 3) + 9 <= source.count by the choice of wholeCount.
                        let word = unsafe source.loadUnaligned(fromByteOffset: position &>> 3, as: UInt64.self)
                        let next = unsafe UInt64(source[position &>> 3 &+ 8])
                        let shift = UInt64(truncatingIfNeeded: position & 7)
                        unsafe target[index] =
                            base &+ (word.littleEndian &>> shift | (next &<< 1) &<< (63 &- shift)) & mask
                        position &+= width
                    }
                }
                for index in wholeCount..<count {
                    unsafe target[index] = base &+ number(in: source, bit: position, width: width)
                    position &+= width
                }
            }
        }
    }

    /// The number of `width` (0...64) bits at `bit`; bits beyond the span are zero.
    @inline(__always)
    static func number(in bytes: Span<UInt8>, bit: Int, width: Int) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe number(in: $0, bit: bit, width: width) }
    }

    private static func number(in source: UnsafeRawBufferPointer, bit: Int, width: Int) -> UInt64 {
        if width == 0 { return 0 }
        if width <= 57, bit >> 3 + 8 <= source.count {
            // Safe: checked in the line above.
            let word = unsafe source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
            return word.littleEndian &>> UInt64(bit & 7) & UInt64.max &>> UInt64(64 &- width)
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        let first = bit >> 3
        for index in 0..<8 where first + index < source.count {
            // Safe: the index is below the count.
            unsafe low |= UInt64(source[first + index]) << UInt64(8 * index)
        }
        // Safe: the index is below the count.
        if first + 8 < source.count { high = unsafe UInt64(source[first + 8]) }
        let shift = UInt64(bit & 7)
        return (low &>> shift | (high &<< 1) &<< (63 &- shift)) & UInt64.max &>> UInt64(64 &- width)
    }

    /// Appends the lowest `width` (0...64) bits of `words[i] - base` for every i in `range`. O(count).
    static func pack(
        _ words: Span<Int64>, range: Range<Int>, base: Int64, width: Int, into stream: inout PackedBits
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        precondition(width >= 0 && width <= 64, "a number has at most 64 bits")
        if width == 0 || range.isEmpty { return }
        let byteCount = (range.count * width + stream.openBitCount) / 64 * 8
        var open = stream.openBits
        var filled = stream.openBitCount
        let mask = UInt64.max &>> UInt64(64 &- width)
        stream.bytes.append(addingCapacity: byteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let target = UnsafeMutableRawBufferPointer(buffer)
                unsafe words.withUnsafeBufferPointer { source in
                    var offset = initializedCount
                    for index in range {
                        // Safe: range lies within the words, checked above.
                        let number = unsafe UInt64(bitPattern: source[index] &- base) & mask
                        open |= number &<< UInt64(truncatingIfNeeded: filled)
                        let reached = filled &+ width
                        if reached >= 64 {
                            // Safe: one word a 64 bits, and byteCount has room for all whole words.
                            unsafe target.storeBytes(of: open.littleEndian, toByteOffset: offset, as: UInt64.self)
                            offset &+= 8
                            open = (number &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- filled)
                            filled = reached &- 64
                        } else {
                            filled = reached
                        }
                    }
                    initializedCount = offset
                }
            }
        }
        stream.openBits = open
        stream.openBitCount = filled
    }

    /// Replaces `words[range]` by the running sums: each number is added to its predecessor's sum, the first stays.
    static func sumUp(_ words: inout MutableSpan<UInt64>, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            var sum: UInt64 = 0
            for index in range {
                // Safe: range lies within the words, checked above.
                sum &+= unsafe buffer[index]
                unsafe buffer[index] = sum
            }
        }
    }

    /// Adds `step`, `2 * step`, … to `words[range]`, plus `start` to all of them.
    static func addLine(_ words: inout MutableSpan<UInt64>, range: Range<Int>, start: UInt64, step: UInt64) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            var line = start
            for index in range {
                line &+= step
                // Safe: range lies within the words, checked above.
                unsafe buffer[index] &+= line
            }
        }
    }

    /// `into[i] = start + i * step` for every i.
    static func fillLine(_ words: inout MutableSpan<UInt64>, range: Range<Int>, start: UInt64, step: UInt64) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            var line = start
            for index in range {
                // Safe: range lies within the words, checked above.
                unsafe buffer[index] = line
                line &+= step
            }
        }
    }

    /// Whether no number is below its predecessor, as signed integers.
    static func ascends(_ words: Span<Int64>) -> Bool {
        unsafe words.withUnsafeBufferPointer { buffer in
            var descents: Int64 = 0
            // Safe: index and index - 1 lie within 0 ..< count.
            for index in 1..<max(buffer.count, 1) { unsafe descents |= buffer[index] < buffer[index &- 1] ? 1 : 0 }
            return descents == 0
        }
    }

    /// Sorts every stride-th number of `range` by the bits of its zigzag distance from `middle`.
    static func sort(
        _ numbers: Span<Int64>, range: Range<Int>, stride: Int, around middle: Int64,
        into buckets: inout DistanceBuckets
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count, "the numbers are there")
        precondition(buckets.entries.count == 65 && stride > 0, "one bucket for each number of bits")
        unsafe buckets.entries.withUnsafeMutableBufferPointer { entries in
            unsafe entries.update(repeating: DistanceBuckets.Entry())
            unsafe numbers.withUnsafeBufferPointer { source in
                var index = range.lowerBound
                while index < range.upperBound {
                    // Safe: range lies within the numbers, and 0...64 within the buckets; both checked above.
                    let distance = unsafe source[index] &- middle
                    let zigzag = UInt64(bitPattern: distance &<< 1 ^ distance &>> 63)
                    let bucket = 64 &- zigzag.leadingZeroBitCount
                    unsafe entries[bucket].count &+= 1
                    unsafe entries[bucket].low = min(entries[bucket].low, distance)
                    unsafe entries[bucket].high = max(entries[bucket].high, distance)
                    index &+= stride
                }
            }
        }
    }

    /// `into[i] = numbers[i] - numbers[i - 1]`, and `into[0] = numbers[0]`; wraps.
    static func differences(_ numbers: Span<Int64>, into target: inout OutputSpan<Int64>) {
        precondition(target.freeCapacity >= numbers.count, "the differences have room")
        unsafe target.withUnsafeMutableBufferPointer { buffer, initializedCount in
            unsafe numbers.withUnsafeBufferPointer { source in
                // Safe: both have numbers.count entries, checked above.
                if source.count > 0 { unsafe buffer[initializedCount] = source[0] }
                for index in 1..<max(source.count, 1) {
                    unsafe buffer[initializedCount &+ index] = source[index] &- source[index &- 1]
                }
            }
            initializedCount += numbers.count
        }
    }

    static func joined(_ first: [UInt8], _ second: Span<UInt8>) -> [UInt8] {
        var bytes = first
        bytes.reserveCapacity(first.count + second.count)
        // Safe: the array copies what the buffer has.
        unsafe second.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Eight bits of `numbers[i] - base` from bit `shift` (below 64) on, for every i in `range`.
    static func bytes(_ numbers: Span<Int64>, range: Range<Int>, base: Int64, shift: Int) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count, "the numbers are there")
        return [UInt8](capacity: range.count) { output in
            unsafe numbers.withUnsafeBufferPointer { source in
                for index in range {
                    // Safe: range lies within the numbers, checked above.
                    let number = unsafe UInt64(bitPattern: source[index] &- base)
                    output.append(UInt8(truncatingIfNeeded: number &>> UInt64(truncatingIfNeeded: shift)))
                }
            }
        }
    }

    static func copy(_ numbers: Span<Int64>, into target: inout OutputSpan<Int64>) {
        precondition(target.freeCapacity >= numbers.count, "the numbers have room")
        unsafe target.withUnsafeMutableBufferPointer { buffer, initializedCount in
            unsafe numbers.withUnsafeBufferPointer { source in
                for index in 0..<source.count {
                    // Safe: both have numbers.count entries, checked above.
                    unsafe buffer[initializedCount &+ index] = source[index]
                }
            }
            initializedCount += numbers.count
        }
    }

    /// `into[i] = numbers[i] - i * slope`; wraps.
    static func subtractLine(_ numbers: Span<Int64>, slope: Int64, into target: inout OutputSpan<Int64>) {
        precondition(target.freeCapacity >= numbers.count, "the numbers have room")
        unsafe target.withUnsafeMutableBufferPointer { buffer, initializedCount in
            unsafe numbers.withUnsafeBufferPointer { source in
                var line: Int64 = 0
                for index in 0..<source.count {
                    // Safe: both have numbers.count entries, checked above.
                    unsafe buffer[initializedCount &+ index] = source[index] &- line
                    line &+= slope
                }
            }
            initializedCount += numbers.count
        }
    }

    static func subtract(_ number: Int64, from numbers: inout [Int64], range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count, "the numbers are there")
        unsafe numbers.withUnsafeMutableBufferPointer { buffer in
            // Safe: range lies within the numbers, checked above.
            for index in range { unsafe buffer[index] &-= number }
        }
    }

    /// `words[i] = start + words[i] * unit` for every i of `range`; wraps.
    static func scale(_ words: inout MutableSpan<UInt64>, range: Range<Int>, unit: UInt64, start: UInt64) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            // Safe: range lies within the words, checked above.
            for index in range { unsafe buffer[index] = start &+ buffer[index] &* unit }
        }
    }

    /// Appends `count` entries, all written by `body`: as zeros to begin with, seen as words.
    static func appendWords<Element: BitwiseCopyable>(
        to output: inout OutputSpan<Element>, count: Int,
        _ body: (inout MutableSpan<UInt64>) throws(ChunkCorruption) -> Void
    ) throws(ChunkCorruption) {
        precondition(
            MemoryLayout<Element>.size == 8 && MemoryLayout<Element>.stride == 8
                && MemoryLayout<Element>.alignment == 8, "an element is a word")
        precondition(count >= 0 && output.freeCapacity >= count, "the words have room")
        try unsafe output.withUnsafeMutableBufferPointer { (buffer, initializedCount) throws(ChunkCorruption) in
            guard let first = buffer.baseAddress else { return }
            // Safe: the words lie within the buffer's free part, have an element's size and alignment, and every bit
            // pattern is an Int64 and a Double (the element types that this is used with).
            let words = unsafe UnsafeMutableRawPointer(first + initializedCount)
                .bindMemory(to: UInt64.self, capacity: count)
            unsafe words.initialize(repeating: 0, count: count)
            defer { unsafe _ = UnsafeMutableRawPointer(words).bindMemory(to: Element.self, capacity: count) }
            var span = unsafe MutableSpan(_unsafeStart: words, count: count)
            try body(&span)
            initializedCount += count
        }
    }

    /// Adds `bytes[i] << shift` to the i-th word of `range`; wraps.
    static func add(
        _ bytes: Span<UInt8>, shiftedBy shift: Int, to words: inout MutableSpan<UInt64>, range: Range<Int>
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= words.count, "the numbers are there")
        precondition(bytes.count == range.count && shift >= 0, "one byte a number")
        if shift >= 64 { return }
        unsafe words.withUnsafeMutableBufferPointer { buffer in
            unsafe bytes.withUnsafeBufferPointer { source in
                for index in 0..<source.count {
                    // Safe: range lies within the words and is as long as the bytes, checked above.
                    unsafe buffer[range.lowerBound &+ index] &+= UInt64(source[index]) &<< UInt64(shift)
                }
            }
        }
    }
}
