import CZstd

extension ContentDecoding {
    /// A window of 8 MB is the most that HTTP allows (RFC 9659).
    private static let longestWindow: Int32 = 23

    /// The content of a Zstandard body (RFC 8878): all frames one after the other, with their checksums where they have one.
    ///
    /// Memory stays within `limit` plus the window, however much the data would unpack to.
    package static func zstd(_ compressed: Span<UInt8>, limit: Int) throws(ContentDecodingError) -> [UInt8] {
        guard let stream = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
        defer { unsafe _ = ZSTD_freeDCtx(stream) }
        guard unsafe ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, longestWindow)) == 0 else {
            throw .outOfMemory
        }
        var output = [UInt8](repeating: 0, count: min(max(limit, 0), max(4096, compressed.count &* 4)))
        var (read, written) = (0, 0)
        // 0 at the end of a frame.
        var wanted = 1
        while true {
            let before = (read, written)
            wanted = unsafe step(stream, compressed, &read, &output, &written)
            guard ZSTD_isError(wanted) == 0 else {
                // zstd's messages are static C strings.
                throw .corrupt(detail: unsafe String(cString: ZSTD_getErrorName(wanted)))
            }
            guard written <= limit else { throw .tooLarge(limit: limit) }
            if read == compressed.count, wanted == 0 {
                output.removeLast(output.count - written)
                return output
            }
            if written == output.count {
                output.append(contentsOf: repeatElement(0, count: growth(written, limit)))
            } else if read == compressed.count {
                throw .truncated
            } else if before == (read, written) {
                throw .corrupt(detail: "zstd makes no progress")
            }
        }
    }

    /// One call of `ZSTD_decompressStream`: reads on in `compressed` and writes on in `output`.
    private static func step(
        _ stream: OpaquePointer, _ compressed: Span<UInt8>, _ read: inout Int, _ output: inout [UInt8],
        _ written: inout Int
    ) -> Int {
        unsafe compressed.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: read)
                var room = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: written)
                let wanted = unsafe ZSTD_decompressStream(stream, &room, &input)
                (read, written) = unsafe (input.pos, room.pos)
                return wanted
            }
        }
    }
}
