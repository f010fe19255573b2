import ChunkCodec
import NativeHistograms
import TimeSeriesStore

/// What samples of a chunk have beside, or in place of, their values, as a row of the table `detail`; `docs/formats/block.md`
/// has the bytes.
///
/// Histograms are in segments, so that a query of few samples decodes few.
enum BlockDetails {
    /// Histograms in a segment, at most.
    private static let segmentLength = 512

    /// Parts, each after its length (LEB128): times and histograms of each segment, after how many segments there are; times
    /// and start timestamps, the latter as bit patterns of values, of length 0 if there are none. Then two bytes that bind
    /// them to the chunk.
    static func encoded(_ details: SampleDetails, chunk: Int64, effort: ChunkCodec.Effort) -> [UInt8] {
        var parts: [[UInt8]] = []
        let histograms = details.histograms
        for start in stride(from: 0, to: histograms.count, by: segmentLength) {
            let segment = start..<min(start + segmentLength, histograms.count)
            parts.append(ChunkCodec.encodeTimestamps(histograms.timestamps.span.extracting(segment)))
            parts.append(ChunkCodec.encodeHistograms(Array(histograms.values[segment]), effort: effort))
        }
        let segmentCount = parts.count / 2
        if details.starts.isEmpty {
            parts += [[], []]
        } else {
            parts.append(ChunkCodec.encodeTimestamps(details.starts.timestamps))
            let patterns = details.starts.values.map { Double(bitPattern: UInt64(bitPattern: $0)) }
            parts.append(ChunkCodec.encodeValues(patterns, effort: effort))
        }
        var out: [UInt8] = []
        out.append(varint: UInt64(segmentCount))
        for part in parts {
            out.append(varint: UInt64(part.count))
            out += part
        }
        out.append(seal: seal(chunk: chunk, parts: parts.map(\.count)))
        return out
    }

    /// Reads what `encoded` gave for this chunk: details of the range, and those around it that are in the same segments.
    ///
    /// - Throws: `ChunkCorruption` or `BlockDetailsFault` for anything else.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, chunk: Int64, in range: TimeRange
    ) throws -> SampleDetails {
        guard let (content, stored) = bytes.splitSeal(UInt16.self) else { throw BlockDetailsFault() }
        var offset = 0
        guard let segmentCount = content.varint(at: &offset) else { throw BlockDetailsFault() }
        var parts: [UnsafeRawBufferPointer] = []
        while offset < content.count {
            guard let length = content.length(at: &offset) else { throw BlockDetailsFault() }
            parts.append(UnsafeRawBufferPointer(rebasing: content[offset..<offset + length]))
            offset += length
        }
        guard stored == seal(chunk: chunk, parts: parts.map(\.count)), parts.count >= 2, parts.count % 2 == 0,
            UInt64(parts.count / 2 - 1) == segmentCount
        else { throw BlockDetailsFault() }
        var details = SampleDetails()
        for segment in 0..<parts.count / 2 - 1 {
            try add(parts[2 * segment], parts[2 * segment + 1], to: &details, in: range)
        }
        if parts[parts.count - 2].isEmpty, parts[parts.count - 1].isEmpty { return details }
        var patterns: [Double] = []
        try ChunkCodec.decodeTimestamps(parts[parts.count - 2], into: &details.starts.timestamps)
        try ChunkCodec.decodeValues(parts[parts.count - 1], into: &patterns)
        details.starts.values = patterns.map { Int64(bitPattern: $0.bitPattern) }
        guard details.starts.timestamps.count == patterns.count else { throw BlockDetailsFault() }
        return details
    }

    private static func add(
        _ times: UnsafeRawBufferPointer, _ histograms: UnsafeRawBufferPointer, to details: inout SampleDetails,
        in range: TimeRange
    ) throws {
        var column = SparseColumn<NativeHistogram>()
        // The column of times is checked as a whole even if nothing of it is wanted.
        try ChunkCodec.decodeTimestamps(times, into: &column.timestamps)
        guard let first = column.timestamps.first, let last = column.timestamps.last, first <= range.through,
            last >= range.from
        else { return }
        try ChunkCodec.decodeHistograms(histograms, into: &column.values)
        guard column.timestamps.count == column.values.count else { throw BlockDetailsFault() }
        if let before = details.histograms.timestamps.last, before >= first { throw BlockDetailsFault() }
        details.histograms.append(contentsOf: column)
    }

    private static func seal(chunk: Int64, parts: [Int]) -> UInt16 {
        var seal = BlockSeal(chunk)
        for count in parts { seal.combine(Int64(count)) }
        return seal.short
    }
}

/// The details are not those of the chunk.
struct BlockDetailsFault: Error, CustomStringConvertible {
    var description: String { "other bytes" }
}
