import CZlib

/// Compression of answers into one gzip member (RFC 1952), piece by piece, through zlib.
///
/// Safe: the stream is this object's own from its birth to its end, and never leaves it.
///
/// Memory: zlib's window and tables (about 256 KiB) and one piece. Not thread-safe.
@safe package final class GzipDeflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private var isUsable: Bool

    /// - Parameter level: 1 (fast) to 9 (small).
    /// - Throws: `ContentDecodingError.outOfMemory`.
    package init(level: Int = 1) throws(ContentDecodingError) {
        // On the heap, for zlib remembers the stream's address and refuses a stream that has moved.
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        let status = unsafe deflateInit2_(
            stream, Int32(min(9, max(1, level))), Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        isUsable = status == Z_OK
        if !isUsable { throw .outOfMemory }
    }

    deinit {
        // zlib frees nothing of a stream that it did not set up.
        if isUsable { unsafe _ = deflateEnd(stream) }
        unsafe stream.deallocate()
    }

    /// What is ready of the compressed bytes after this piece; often nothing.
    package func compress(_ piece: Span<UInt8>) -> [UInt8] { run(piece, Z_NO_FLUSH) }

    /// The rest, with the checksum and the length. Nothing may follow.
    package func finish() -> [UInt8] { run([UInt8]().span, Z_FINISH) }

    /// All of a body at once. Whatever was compressed before is forgotten; another body may follow.
    package func whole(_ body: Span<UInt8>) -> [UInt8] {
        unsafe _ = deflateReset(stream)
        return run(body, Z_FINISH)
    }

    private func run(_ piece: Span<UInt8>, _ flush: Int32) -> [UInt8] {
        var output: [UInt8] = []
        unsafe piece.withUnsafeBufferPointer { source in
            var given = 0
            repeat {
                // zlib counts in 32 bits.
                let length = min(source.count - given, 1 << 30)
                // zlib only reads through `next_in`. An empty buffer may have no address, and then the length is 0.
                unsafe stream.pointee.next_in = source.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + given)
                }
                unsafe stream.pointee.avail_in = UInt32(length)
                given += length
                drain(flush, into: &output)
            } while given < source.count
        }
        return output
    }

    /// Calls zlib until it leaves room in the buffer that it is given: then it has taken in everything.
    private func drain(_ flush: Int32, into output: inout [UInt8]) {
        let room = 32 << 10
        while true {
            let written = output.count
            output.append(contentsOf: repeatElement(0, count: room))
            let left = unsafe output.withUnsafeMutableBufferPointer { target -> Int in
                unsafe stream.pointee.next_out = target.baseAddress.map { unsafe $0 + written }
                unsafe stream.pointee.avail_out = UInt32(room)
                unsafe _ = deflate(stream, flush)
                return unsafe Int(stream.pointee.avail_out)
            }
            output.removeLast(left)
            if left > 0 { return }
        }
    }
}
