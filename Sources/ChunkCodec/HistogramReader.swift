import NativeHistograms

/// Reads the body of a `HistogramColumn`, `offset ..< limit` of some bytes.
struct HistogramReader {
    private(set) var offset: Int
    let limit: Int

    init(offset: Int, limit: Int) {
        self.offset = offset
        self.limit = limit
    }

    /// Appends `count` (at least 1) histograms; throws, with nothing appended, unless the body holds exactly as many.
    mutating func read(
        _ bytes: Span<UInt8>, count: Int, into histograms: inout [NativeHistogram]
    ) throws(ChunkCorruption) {
        let runs = try readRuns(bytes, count: count)
        let hints = try readHints(bytes, count: count)
        let counts = try readNumbers(bytes, count: count)
        let zeroCounts = try readNumbers(bytes, count: count)
        let sums = try readNumbers(bytes, count: count)
        var read: [NativeHistogram] = []
        read.reserveCapacity(count)
        for run in runs {
            let buckets = try readBuckets(bytes, run)
            let layout = run.layout
            for row in 0..<run.length {
                let index = read.count
                let start = row * layout.bucketCount
                let middle = start + layout.positiveCount
                read.append(
                    NativeHistogram(
                        schema: layout.schema, counterReset: hints[index], zeroThreshold: layout.zeroThreshold,
                        zeroCount: zeroCounts[index], count: counts[index], sum: sums[index],
                        positiveSpans: layout.positiveSpans, positiveBuckets: Array(buckets[start..<middle]),
                        negativeSpans: layout.negativeSpans,
                        negativeBuckets: Array(buckets[middle..<start + layout.bucketCount]),
                        customValues: layout.customValues))
            }
        }
        guard offset == limit else { throw ChunkCorruption(fault: .bytesAfterData, byteOffset: offset) }
        histograms += read
    }

    // MARK: Layouts

    private mutating func readRuns(
        _ bytes: Span<UInt8>, count: Int
    ) throws(ChunkCorruption) -> [HistogramColumn.Run] {
        let runCount = try bytes.count(at: &offset, limit: limit, maximum: count, of: .runLength)
        var runs: [HistogramColumn.Run] = []
        var left = count
        var bucketCount = 0
        for _ in 0..<runCount {
            let length = try length(bytes, atMost: left)
            left -= length
            let layout = try readLayout(bytes)
            // Few bytes can stand for many equal numbers. A number of buckets is below 2^33, and a length below 2^16.
            bucketCount += layout.bucketCount * length
            guard bucketCount <= max(HistogramColumn.maximumBucketCount, limit) else {
                throw tooMany(bucketCount, .bucketCount, maximum: HistogramColumn.maximumBucketCount)
            }
            runs.append(HistogramColumn.Run(length: length, layout: layout))
        }
        guard left == 0 else { throw tooMany(left, .runLength, maximum: 0) }
        return runs
    }

    /// The length of a run, at least 1.
    private mutating func length(_ bytes: Span<UInt8>, atMost maximum: Int) throws(ChunkCorruption) -> Int {
        let length = try bytes.count(at: &offset, limit: limit, maximum: maximum, of: .runLength)
        guard length > 0 else { throw tooMany(0, .runLength, maximum: maximum) }
        return length
    }

    private func tooMany(_ found: Int, _ field: ChunkCorruption.Field, maximum: Int) -> ChunkCorruption {
        ChunkCorruption(fault: .outOfRange(field, found: UInt64(found), maximum: maximum), byteOffset: offset)
    }

    private mutating func readLayout(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> HistogramColumn.Layout {
        var layout = HistogramColumn.Layout()
        layout.schema = try int32(bytes, .schema)
        layout.zeroThreshold = Double(bitPattern: try bytes.varint(at: &offset, limit: limit).byteSwapped)
        layout.positiveSpans = try readSpans(bytes)
        layout.negativeSpans = try readSpans(bytes)
        layout.positiveCount = try bytes.count(at: &offset, limit: limit, maximum: 1 << 32, of: .bucketCount)
        layout.negativeCount = try bytes.count(at: &offset, limit: limit, maximum: 1 << 32, of: .bucketCount)
        let boundCount = try bytes.count(
            at: &offset, limit: limit, maximum: max(HistogramColumn.groupedCount, limit), of: .boundCount)
        if boundCount > 0 { layout.customValues = try readNumbers(bytes, count: boundCount) }
        return layout
    }

    private mutating func readSpans(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> [NativeHistogram.Span] {
        // A span takes two bytes and more.
        let count = try bytes.count(
            at: &offset, limit: limit, maximum: max(0, limit - offset) / 2, of: .spanCount)
        var spans: [NativeHistogram.Span] = []
        spans.reserveCapacity(count)
        for _ in 0..<count {
            let offset = try int32(bytes, .spanCount)
            let length = try bytes.count(
                at: &self.offset, limit: limit, maximum: Int(UInt32.max), of: .bucketCount)
            spans.append(NativeHistogram.Span(offset: offset, length: UInt32(length)))
        }
        return spans
    }

    private mutating func int32(
        _ bytes: Span<UInt8>, _ field: ChunkCorruption.Field
    ) throws(ChunkCorruption) -> Int32 {
        let number = try bytes.signed(at: &offset, limit: limit)
        guard let narrow = Int32(exactly: number) else {
            throw ChunkCorruption(
                fault: .outOfRange(field, found: UInt64(bitPattern: number), maximum: Int(Int32.max)),
                byteOffset: offset)
        }
        return narrow
    }

    private mutating func readHints(
        _ bytes: Span<UInt8>, count: Int
    ) throws(ChunkCorruption) -> [NativeHistogram.CounterReset] {
        var hints: [NativeHistogram.CounterReset] = []
        hints.reserveCapacity(count)
        while hints.count < count {
            let length = try length(bytes, atMost: count - hints.count)
            let byte = try bytes.byte(at: &offset, limit: limit)
            guard let hint = NativeHistogram.CounterReset(rawValue: byte) else {
                throw ChunkCorruption(fault: .invalidParameter(.counterReset, found: byte), byteOffset: offset - 1)
            }
            hints.append(contentsOf: repeatElement(hint, count: length))
        }
        return hints
    }

    // MARK: Buckets

    /// The buckets of all histograms of the run, histogram by histogram. Their number is bounded, see `readRuns`.
    private mutating func readBuckets(
        _ bytes: Span<UInt8>, _ run: HistogramColumn.Run
    ) throws(ChunkCorruption) -> [Double] {
        let bucketCount = run.layout.bucketCount
        if bucketCount == 0 { return [] }
        let total = bucketCount * run.length
        switch try form(bytes) {
        case .raw: return try readRaw(bytes, count: total)
        case .values:
            var values = [Double](repeating: 0, count: total)
            try readGroups(count: run.length, bucketCount: bucketCount) {
                (reader, count, first) throws(ChunkCorruption) in
                let group = try reader.readColumn(bytes, count: count)
                for (position, value) in group.enumerated() {
                    values[position % run.length * bucketCount + first + position / run.length] = value
                }
            }
            return values
        case .integers:
            var integers = try readIntegers(bytes, count: bucketCount)
            integers.reserveCapacity(total)
            integers.append(contentsOf: repeatElement(0, count: total - bucketCount))
            let rises = run.length - 1
            if rises > 0 {
                try readGroups(count: rises, bucketCount: bucketCount) {
                    (reader, count, first) throws(ChunkCorruption) in
                    let group = try reader.readIntegers(bytes, count: count)
                    for start in stride(from: 0, to: count, by: rises) {
                        let bucket = first + start / rises
                        var sum = integers[bucket]
                        for step in 0..<rises {
                            sum &+= group[start + step]
                            integers[(step + 1) * bucketCount + bucket] = sum
                        }
                    }
                }
            }
            return integers.map { Double($0) }
        }
    }

    /// Reads the columns in which `count` numbers of each bucket are, with the number of the first bucket of each column.
    private mutating func readGroups(
        count: Int, bucketCount: Int,
        _ read: (inout HistogramReader, _ numbers: Int, _ firstBucket: Int) throws(ChunkCorruption) -> Void
    ) throws(ChunkCorruption) {
        let grouped = HistogramColumn.bucketsPerGroup(count: count)
        var start = 0
        while start < bucketCount {
            let end = min(start + grouped, bucketCount)
            try read(&self, (end - start) * count, start)
            start = end
        }
    }

    // MARK: Numbers

    private mutating func form(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> HistogramColumn.NumberForm {
        let byte = try bytes.byte(at: &offset, limit: limit)
        guard let form = HistogramColumn.NumberForm(rawValue: byte) else {
            throw ChunkCorruption(fault: .invalidParameter(.form, found: byte), byteOffset: offset - 1)
        }
        return form
    }

    private mutating func readNumbers(_ bytes: Span<UInt8>, count: Int) throws(ChunkCorruption) -> [Double] {
        switch try form(bytes) {
        case .integers: try readIntegers(bytes, count: count).map { Double($0) }
        case .values: try readColumn(bytes, count: count)
        case .raw: try readRaw(bytes, count: count)
        }
    }

    private mutating func readColumn(_ bytes: Span<UInt8>, count: Int) throws(ChunkCorruption) -> [Double] {
        let size = try bytes.count(at: &offset, limit: limit, maximum: limit, of: .frameByteCount)
        guard size <= limit - offset else { throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit) }
        let column = bytes.extracting(offset..<offset + size)
        guard try ChunkCodec.sampleCount(column) == count else {
            throw ChunkCorruption(fault: .invalidSampleCount, byteOffset: offset)
        }
        var values: [Double] = []
        try ChunkCodec.decodeValues(column, into: &values)
        offset += size
        return values
    }

    private mutating func readIntegers(_ bytes: Span<UInt8>, count: Int) throws(ChunkCorruption) -> [Int64] {
        guard count <= HistogramColumn.groupedCount else {
            throw tooMany(count, .sampleIndex, maximum: HistogramColumn.groupedCount)
        }
        if count <= HistogramColumn.fewIntegers {
            var integers: [Int64] = []
            integers.reserveCapacity(count)
            var last: Int64 = 0
            for _ in 0..<count {
                last &+= try bytes.signed(at: &offset, limit: limit)
                integers.append(last)
            }
            return integers
        }
        var reader = try FrameReader(bytes, at: offset, limit: limit, sampleCount: count)
        let words = try [Int64](capacity: count) { (output) throws(ChunkCorruption) in
            try SampleLoops.appendWords(to: &output, count: count) { words throws(ChunkCorruption) in
                try reader.decode(bytes, overlapping: 0..<count, into: &words, firstSample: 0)
            }
        }
        offset = reader.offset
        return words
    }

    private mutating func readRaw(_ bytes: Span<UInt8>, count: Int) throws(ChunkCorruption) -> [Double] {
        guard count <= (limit - offset) / 8 else { throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit) }
        var values: [Double] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            values.append(Double(bitPattern: SampleLoops.number(in: bytes, bit: 8 * offset, width: 64)))
            offset += 8
        }
        return values
    }
}
