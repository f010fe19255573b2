extension ChunkCodec {
    /// A column of timestamps: a few bytes if their step is constant, else the packed deviations. O(samples).
    ///
    /// - Precondition: 1...`maximumSampleCount` timestamps, none below its predecessor. Any Int64 may occur.
    package static func encodeTimestamps(_ timestamps: Span<Int64>) -> [UInt8] {
        precondition(
            timestamps.count >= 1 && timestamps.count <= maximumSampleCount, "a column holds 1...65,535 samples")
        precondition(SampleLoops.ascends(timestamps), "a column's timestamps ascend")
        let count = timestamps.count
        let first = timestamps[0]
        // As unsigned distances: the span of Int64 does not fit itself.
        let span = UInt64(bitPattern: timestamps[count - 1] &- first)
        let unit = TimeSteps.unit(of: timestamps)
        if count == 1 || span == 0 || unit.isSteady {
            var stream = PackedBits(capacity: 32)
            ChunkHeader(encoding: .steadyTimestamps, sampleCount: count).append(to: &stream)
            stream.append(signed: first)
            stream.append(varint: count == 1 ? 0 : UInt64(bitPattern: timestamps[1] &- first))
            return stream.sealed()
        }
        var stream = PackedBits(capacity: 64 + 2 * count)
        ChunkHeader(encoding: .framedTimestamps, sampleCount: count).append(to: &stream)
        stream.append(signed: first)
        stream.append(varint: span)
        stream.append(varint: unit.common)
        let distances = [Int64](capacity: count) { output in
            for index in 0..<count {
                output.append(Int64(bitPattern: UInt64(bitPattern: timestamps[index] &- first) / unit.common))
            }
        }
        IntegerColumn.append(
            distances.span, slope: TimeSteps.usual(distances.span),
            search: IntegerColumn.Search(
                models: [.steps, .line, .changes], isQuick: false, triesPlane: count >= 1_024),
            to: &stream)
        return stream.sealed()
    }

    /// How many timestamps the column has, the first and the last. O(1): reads the header and does not verify the checksum.
    package static func timestampBounds(
        _ bytes: Span<UInt8>
    ) throws(ChunkCorruption) -> (count: Int, first: Int64, last: Int64) {
        let bounds = try TimestampHeader(bytes, header: ChunkHeader(bytes))
        return (bounds.count, bounds.first, bounds.last)
    }

    /// Appends the column's timestamps. O(samples).
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not exactly one whole column of timestamps; then nothing is appended.
    package static func decodeTimestamps(_ bytes: Span<UInt8>, into timestamps: inout [Int64]) throws(ChunkCorruption) {
        _ = try decodeTimestamps(bytes, from: .min, through: .max, into: &timestamps)
    }

    /// Appends the column's timestamps from `from` through `through`, both inclusive, and gives their sample indices.
    /// O(samples in frames that are touched); the checksum of the whole column is verified.
    ///
    /// - Throws: `ChunkCorruption` if the bytes are not one whole column of timestamps; then nothing is appended.
    package static func decodeTimestamps(
        _ bytes: Span<UInt8>, from: Int64, through: Int64, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) -> Range<Int> {
        let header = try TimestampHeader(bytes, header: ChunkHeader(verifying: bytes))
        return header.encoding == .steadyTimestamps
            ? try header.appendSteady(bytes, from: from, through: through, into: &timestamps)
            : try header.appendFramed(bytes, from: from, through: through, into: &timestamps)
    }
}

/// What timestamps have in common.
enum TimeSteps {
    /// The greatest number that divides all steps (1 if they are all zero), and whether all steps are the same.
    static func unit(of timestamps: Span<Int64>) -> (common: UInt64, isSteady: Bool) {
        if timestamps.count < 2 { return (1, true) }
        let first = UInt64(bitPattern: timestamps[1] &- timestamps[0])
        var common = first
        var isSteady = true
        for index in 2..<max(timestamps.count, 2) {
            let step = UInt64(bitPattern: timestamps[index] &- timestamps[index - 1])
            if step == first { continue }
            isSteady = false
            if common == 1 { return (1, false) }
            if step != common { common = DecimalScale.greatestCommonDivisor(step, common) }
        }
        return (max(common, 1), isSteady)
    }

    /// The mean of the steps that are not far from their median, rounded: what a timer was set to.
    static func usual(_ numbers: Span<Int64>) -> Int64 {
        var picked: [Int64] = []
        let stride = max(1, numbers.count / 33)
        var index = 1
        while index < numbers.count {
            picked.append(numbers[index] &- numbers[index - 1])
            index += stride
        }
        picked.sort()
        let median = picked[picked.count / 2]
        guard median > 0, median < 1 << 40 else { return median }
        var sum: Int64 = 0
        var count: Int64 = 0
        for index in 1..<numbers.count {
            let step = numbers[index] &- numbers[index - 1]
            if step >= median / 2, step <= median / 2 * 3 {
                sum += step
                count += 1
            }
        }
        return count == 0 ? median : (sum + count / 2) / count
    }
}
