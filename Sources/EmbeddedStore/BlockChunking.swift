/// How a series' samples within a block are cut into chunks, and chunks into the pieces that statistics stand for.
enum BlockChunking {
    /// Samples per chunk: a day of 15 s steps is one.
    static let chunkLength = 8_192
    /// Above this many chunks of a series, chunks are as long as the codec allows.
    private static let manyChunks = 512
    private static let longestChunk = 65_535

    /// Pieces shorter than this, and all of a chunk shorter than `shortestChunk`, have no statistics: to decode them costs
    /// less than statistics would take.
    static let shortestPiece = 64
    static let shortestChunk = 512

    /// Ascending, without gaps. A chunk ends with an hour of UTC where hours are shorter than a chunk, so that chunks of
    /// series with the same timestamps have the same timelines, and pieces are whole.
    static func chunks(of timestamps: [Int64]) -> [Range<Int>] {
        guard timestamps.count > chunkLength else { return timestamps.isEmpty ? [] : [0..<timestamps.count] }
        let length = timestamps.count > manyChunks * chunkLength ? longestChunk : chunkLength
        var chunks: [Range<Int>] = []
        var start = 0
        for hour in hours(of: timestamps[...]) {
            // The chunk is full: it ends before this hour.
            if hour.upperBound - start > length, hour.lowerBound > start {
                chunks.append(start..<hour.lowerBound)
                start = hour.lowerBound
            }
            while hour.upperBound - start > length {
                chunks.append(start..<start + length)
                start += length
            }
        }
        chunks.append(start..<timestamps.count)
        return chunks
    }

    /// Where a chunk has statistics: the samples of one hour of UTC each. Indices are those of the slice.
    static func pieces(of timestamps: ArraySlice<Int64>) -> [Range<Int>] {
        guard timestamps.count >= shortestChunk else { return [] }
        return hours(of: timestamps).filter { $0.count >= shortestPiece }
    }

    private static func hours(of timestamps: ArraySlice<Int64>) -> [Range<Int>] {
        var hours: [Range<Int>] = []
        var start = timestamps.startIndex
        while start < timestamps.endIndex {
            let hour = BlockTime.floor(timestamps[start], to: BlockTime.hour)
            let (next, overflow) = hour.addingReportingOverflow(BlockTime.hour)
            let end = overflow ? timestamps.endIndex : timestamps.lowerBound(of: next, from: start)
            hours.append(start..<end)
            start = end
        }
        return hours
    }
}

extension RandomAccessCollection where Element == Int64, Index == Int {
    /// The first index at or after `from` whose element is not below `time`, elements ascending. O(log of its distance).
    func lowerBound(of time: Int64, from: Int) -> Int {
        // Gallops first: what is looked for is mostly near.
        var low = from
        var step = 1
        while low + step < endIndex, self[low + step] < time {
            low += step
            step *= 2
        }
        var high = Swift.min(low + step, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
