internal import CZstd

/// zstd frames (RFC 8878) without their magic number, of level 1.
enum ZstdFrame {
    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// What the frame decompresses to; nil unless that is exactly `byteCount` bytes, which are allocated before it is known.
    static func decompressed(_ frame: Span<UInt8>, byteCount: Int) -> [UInt8]? {
        let compressed = SampleLoops.joined(magic, frame)
        var written = 0
        let bytes = [UInt8](capacity: byteCount) { output in
            output.append(repeating: 0, count: byteCount)
            let context = ZstdContexts.take(compresses: false)
            defer { ZstdContexts.put(context) }
            var span = output.mutableSpan
            // Safe: zstd writes at most `byteCount` bytes into the span and reads the compressed bytes only.
            written = unsafe span.withUnsafeMutableBytes { target in
                unsafe compressed.withUnsafeBytes { source in
                    unsafe ZSTD_decompressDCtx(
                        context.pointer, target.baseAddress, target.count, source.baseAddress, source.count)
                }
            }
        }
        // An error code of zstd is above every count.
        return written == byteCount ? bytes : nil
    }

    /// The frame of these bytes; nil if zstd fails.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        let context = ZstdContexts.take(compresses: true)
        defer { ZstdContexts.put(context) }
        let capacity = ZSTD_compressBound(bytes.count)
        var written = 0
        let framed = [UInt8](capacity: capacity) { output in
            output.append(repeating: 0, count: capacity)
            var span = output.mutableSpan
            // Safe: zstd writes at most `capacity` bytes into the span and reads the bytes only.
            written = unsafe span.withUnsafeMutableBytes { target in
                unsafe bytes.withUnsafeBytes { source in
                    unsafe ZSTD_compressCCtx(
                        context.pointer, target.baseAddress, target.count, source.baseAddress, source.count, 1)
                }
            }
        }
        guard ZSTD_isError(written) == 0, written > magic.count, framed.starts(with: magic) else { return nil }
        return Array(framed[magic.count..<written])
    }
}
