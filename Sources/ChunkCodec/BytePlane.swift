internal import CZstd
import Synchronization

/// The highest eight bits of a frame's packed numbers, one byte each, compressed by zstd: its Huffman coding brings
/// numbers that are not spread evenly near their entropy, which packing with a fixed width cannot.
///
/// Stored is a zstd frame (RFC 8878) without its magic number.
enum BytePlane {
    static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// Adds the plane's bytes, shifted left by `shift`, to `words[range]`.
    static func add(
        _ bytes: Span<UInt8>, _ plane: Range<Int>, shiftedBy shift: Int, to words: inout MutableSpan<UInt64>,
        range: Range<Int>
    ) throws(ChunkCorruption) {
        let compressed = SampleLoops.joined(magic, bytes.extracting(plane))
        let count = range.count
        var written = 0
        let high = [UInt8](capacity: count) { output in
            output.append(repeating: 0, count: count)
            let context = ZstdContexts.take(compresses: false)
            defer { ZstdContexts.put(context) }
            var span = output.mutableSpan
            // Safe: zstd writes at most `count` bytes into the span and reads the compressed bytes only.
            written = unsafe span.withUnsafeMutableBytes { target in
                unsafe compressed.withUnsafeBytes { source in
                    unsafe ZSTD_decompressDCtx(
                        context.pointer, target.baseAddress, target.count, source.baseAddress, source.count)
                }
            }
        }
        // An error code of zstd is above every count.
        guard written == count else { throw ChunkCorruption(fault: .planeCorrupt, byteOffset: plane.lowerBound) }
        SampleLoops.add(high.span, shiftedBy: shift, to: &words, range: range)
    }

    /// The plane of these bytes; nil if zstd fails.
    static func compressed(_ plane: [UInt8]) -> [UInt8]? {
        let context = ZstdContexts.take(compresses: true)
        defer { ZstdContexts.put(context) }
        let capacity = ZSTD_compressBound(plane.count)
        var written = 0
        let framed = [UInt8](capacity: capacity) { output in
            output.append(repeating: 0, count: capacity)
            var span = output.mutableSpan
            // Safe: zstd writes at most `capacity` bytes into the span and reads the plane only.
            written = unsafe span.withUnsafeMutableBytes { target in
                unsafe plane.withUnsafeBytes { source in
                    unsafe ZSTD_compressCCtx(
                        context.pointer, target.baseAddress, target.count, source.baseAddress, source.count, 1)
                }
            }
        }
        guard ZSTD_isError(written) == 0, written > magic.count, framed.starts(with: magic) else { return nil }
        return Array(framed[magic.count..<written])
    }
}
