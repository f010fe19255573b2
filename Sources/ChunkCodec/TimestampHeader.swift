/// What stands before a timestamp column's frames.
///
///     first (zigzag) | step (varint)                      steadyTimestamps
///     first (zigzag) | last - first (varint) | unit (varint) | integer column of (t - first) / unit      framedTimestamps
struct TimestampHeader {
    let encoding: ChunkEncoding
    let count: Int
    let first: Int64
    let last: Int64
    /// `steadyTimestamps`: the step; `framedTimestamps`: what divides all steps.
    let unit: UInt64
    /// Where the integer column begins.
    let columnOffset: Int

    init(_ bytes: Span<UInt8>, header: ChunkHeader) throws(ChunkCorruption) {
        try header.expect(.timestamps)
        encoding = header.encoding
        count = header.sampleCount
        let limit = bytes.count - ChunkCodec.checksumByteCount
        var offset = header.byteCount
        first = try bytes.signed(at: &offset, limit: limit)
        // From first to the greatest timestamp.
        let room = UInt64(bitPattern: Int64.max &- first)
        var span = try bytes.varint(at: &offset, limit: limit)
        if encoding == .steadyTimestamps {
            unit = span
            let (product, overflow) = span.multipliedReportingOverflow(by: UInt64(count - 1))
            span = overflow ? .max : product
            // A wrapped product could pass as a short span; no span of Int64 is the greatest UInt64 unless it is exact.
            if overflow { throw TimestampHeader.tooLong(at: offset) }
        } else {
            unit = try bytes.varint(at: &offset, limit: limit)
        }
        guard span <= room else { throw TimestampHeader.tooLong(at: offset) }
        last = first &+ Int64(bitPattern: span)
        columnOffset = offset
    }

    private static func tooLong(at offset: Int) -> ChunkCorruption {
        ChunkCorruption(fault: .invalidParameter(.timeSpan, found: 0), byteOffset: offset)
    }

    /// Appends those in from...through.
    func appendSteady(
        _ bytes: Span<UInt8>, from: Int64, through: Int64, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) -> Range<Int> {
        guard columnOffset == bytes.count - ChunkCodec.checksumByteCount else {
            throw ChunkCorruption(fault: .bytesAfterData, byteOffset: columnOffset)
        }
        if through < first { return 0..<0 }
        if from > last { return count..<count }
        if from > through {
            let index = firstIndex(notBefore: from)
            return index..<index
        }
        let lower = firstIndex(notBefore: from)
        let upper = through >= last ? count : Int(UInt64(bitPattern: through &- first) / unit) + 1
        let start = UInt64(bitPattern: first) &+ unit &* UInt64(lower)
        let step = unit
        if lower >= upper { return lower..<lower }
        try timestamps.append(addingCapacity: upper - lower) {
            (output: inout OutputSpan<Int64>) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: upper - lower) { words throws(ChunkCorruption) in
                SampleLoops.fillLine(&words, range: 0..<words.count, start: start, step: step)
            }
        }
        return lower..<upper
    }

    /// Of the steady timestamps, for one that is not above `last`.
    private func firstIndex(notBefore time: Int64) -> Int {
        if time <= first { return 0 }
        let distance = UInt64(bitPattern: time &- first)
        // Not zero: a later timestamp than the first exists.
        return Int(distance / unit) + (distance % unit == 0 ? 0 : 1)
    }

    /// Appends those in from...through; frames that cannot hold one are skipped.
    func appendFramed(
        _ bytes: Span<UInt8>, from: Int64, through: Int64, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) -> Range<Int> {
        let limit = bytes.count - ChunkCodec.checksumByteCount
        var reader = try FrameReader(bytes, at: columnOffset, limit: limit, sampleCount: count)
        guard reader.shape.model != .plain else {
            throw ChunkCorruption(fault: .invalidParameter(.shape, found: reader.shape.byte), byteOffset: columnOffset)
        }
        var frames: [IntegerColumn.Frame] = []
        while let frame = try reader.next(bytes) { frames.append(frame) }
        guard reader.offset == limit else {
            throw ChunkCorruption(fault: .bytesAfterData, byteOffset: reader.offset)
        }
        // Frames whose first timestamp is not behind the end, and whose successor's first is not before the start.
        let starts = frames.map { time(of: $0.start) }
        var lower = 0
        while lower + 1 < frames.count, starts[lower + 1] < from { lower += 1 }
        var upper = lower
        while upper < frames.count, starts[upper] <= through { upper += 1 }
        let lowerSample = frames[lower].samples.lowerBound
        if upper == lower { return lowerSample..<lowerSample }
        let decoded = lowerSample..<frames[upper - 1].samples.upperBound
        let unit = unit
        let start = UInt64(bitPattern: first)
        let earlierCount = timestamps.count
        try timestamps.append(addingCapacity: decoded.count) {
            (output: inout OutputSpan<Int64>) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: decoded.count) { words throws(ChunkCorruption) in
                for frame in frames[lower..<upper] {
                    try reader.decode(frame, of: bytes, into: &words, at: frame.samples.lowerBound - lowerSample)
                }
                if unit != 1 || start != 0 {
                    SampleLoops.scale(&words, range: 0..<words.count, unit: unit, start: start)
                }
            }
        }
        do throws(ChunkCorruption) {
            try check(timestamps, from: earlierCount, samples: decoded)
        } catch {
            timestamps.removeLast(timestamps.count - earlierCount)
            throw error
        }
        return trim(&timestamps, from: earlierCount, samples: decoded, toTimes: from, through)
    }

    private func time(of number: Int64) -> Int64 {
        first &+ Int64(bitPattern: UInt64(bitPattern: number) &* unit)
    }

    /// The decoded ones ascend, and where they reach an end of the column, they are what the header announces.
    private func check(_ timestamps: [Int64], from start: Int, samples: Range<Int>) throws(ChunkCorruption) {
        guard SampleLoops.ascends(timestamps.span.extracting(start...)) else {
            throw ChunkCorruption(
                fault: .timestampsDescend(sampleIndex: samples.lowerBound), byteOffset: columnOffset)
        }
        guard samples.lowerBound > 0 || timestamps[start] == first,
            samples.upperBound < count || timestamps[timestamps.count - 1] == last
        else { throw ChunkCorruption(fault: .boundsMismatch, byteOffset: columnOffset) }
    }

    /// Removes those outside of the times; gives the indices of the rest.
    private func trim(
        _ timestamps: inout [Int64], from start: Int, samples: Range<Int>, toTimes from: Int64, _ through: Int64
    ) -> Range<Int> {
        let upper = partition(timestamps, from: start) { $0 > through }
        timestamps.removeLast(timestamps.count - upper)
        let lower = partition(timestamps, from: start) { $0 >= from }
        if lower > start { timestamps.removeSubrange(start..<lower) }
        let firstSample = samples.lowerBound + lower - start
        return firstSample..<(firstSample + timestamps.count - start)
    }

    /// The first index from `start` on whose timestamp, and all behind it, meet the condition.
    private func partition(_ timestamps: [Int64], from start: Int, where condition: (Int64) -> Bool) -> Int {
        var lower = start
        var upper = timestamps.count
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            if condition(timestamps[middle]) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }
}
