/// The highest eight bits of a frame's packed numbers, one byte each, compressed by zstd: its Huffman coding brings
/// numbers that are not spread evenly near their entropy, which packing with a fixed width cannot.
enum BytePlane {
    /// Adds the plane's bytes, shifted left by `shift`, to `words[range]`.
    static func add(
        _ bytes: Span<UInt8>, _ plane: Range<Int>, shiftedBy shift: Int, to words: inout MutableSpan<UInt64>,
        range: Range<Int>
    ) throws(ChunkCorruption) {
        guard let high = ZstdFrame.decompressed(bytes.extracting(plane), byteCount: range.count) else {
            throw ChunkCorruption(fault: .planeCorrupt, byteOffset: plane.lowerBound)
        }
        SampleLoops.add(high.span, shiftedBy: shift, to: &words, range: range)
    }

    /// The plane of these bytes; nil if zstd fails.
    static func compressed(_ plane: [UInt8]) -> [UInt8]? { ZstdFrame.compressed(plane) }
}
