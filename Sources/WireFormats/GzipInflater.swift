import CZlib

/// Why a compressed body cannot be read.
package enum ContentDecodingError: Error, Equatable, Sendable {
    /// The data end in the middle of the stream.
    case truncated
    /// The data are not what they should be; `detail` is the library's word for it or ours.
    case corrupt(detail: String)
    /// What the data unpack to is longer than `limit` bytes.
    case tooLarge(limit: Int)
    /// The library got no memory for its window.
    case outOfMemory
}

extension ContentDecodingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "The compressed body ends too early. Send it whole, with its checksum."
        case .corrupt(let detail): "The compressed body is damaged or of another format: \(detail)."
        case .tooLarge(let limit):
            "Expected a body of at most \(limit) bytes after decompression, got more. Send less at a time."
        case .outOfMemory: "There is no memory left to decompress the body. Try again later."
        }
    }
}

/// Decompression of request bodies through zlib, which checks the checksums (CRC-32 and length, or Adler-32).
///
/// zlib's stream lives as long as the call that unpacks, and its pointers
/// are set anew for every step from buffers that outlive the step.
package enum ContentDecoding {
    /// The content of a gzip file (RFC 1952), all members one after the other.
    ///
    /// Memory stays within `limit` plus zlib's window, however much the data would unpack to.
    package static func gunzip(_ compressed: Span<UInt8>, limit: Int) throws(ContentDecodingError) -> [UInt8] {
        try inflate(compressed, windowBits: 16 + 15, limit: limit, mayRepeat: true)
    }

    /// The content of a `deflate` body: the zlib format (RFC 1950), as HTTP defines it (RFC 9110, section 8.4.1.2), or
    /// the bare DEFLATE data (RFC 1951) that some clients send instead.
    package static func inflate(_ compressed: Span<UInt8>, limit: Int) throws(ContentDecodingError) -> [UInt8] {
        try inflate(compressed, windowBits: hasZlibHeader(compressed) ? 15 : -15, limit: limit, mayRepeat: false)
    }

    /// RFC 1950, section 2.2: method 8, and the first two bytes are a multiple of 31.
    private static func hasZlibHeader(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 2 && bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
    }

    private static func inflate(
        _ compressed: Span<UInt8>, windowBits: Int32, limit: Int, mayRepeat: Bool
    ) throws(ContentDecodingError) -> [UInt8] {
        // On the heap, for zlib remembers the stream's address and refuses a stream that has moved.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        let streamSize = Int32(unsafe MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, windowBits, ZLIB_VERSION, streamSize) == Z_OK else { throw .outOfMemory }
        defer { unsafe _ = inflateEnd(stream) }
        var output = [UInt8](repeating: 0, count: min(max(limit, 0), max(4096, compressed.count &* 4)))
        var read = 0
        var written = 0
        while true {
            let status = unsafe step(stream, compressed, &read, &output, &written)
            guard written <= limit else { throw .tooLarge(limit: limit) }
            switch status {
            case Z_STREAM_END:
                if read == compressed.count {
                    output.removeLast(output.count - written)
                    return output
                }
                guard mayRepeat else { throw .corrupt(detail: "there are bytes after its end") }
                guard compressed[read] == 0x1F, unsafe inflateReset(stream) == Z_OK else {
                    throw .corrupt(detail: "after its end there is something else than another gzip member")
                }
            case Z_OK, Z_BUF_ERROR:
                if written == output.count {
                    // A full buffer may be all there is: only a byte more than `limit` is too much.
                    output.append(contentsOf: repeatElement(0, count: growth(written, limit)))
                } else if read == compressed.count {
                    throw .truncated
                } else if status == Z_BUF_ERROR {
                    throw .corrupt(detail: "zlib makes no progress")
                }
            case Z_MEM_ERROR: throw .outOfMemory
            case Z_NEED_DICT: throw .corrupt(detail: "it needs a preset dictionary")
            default:
                // zlib's messages are static C strings.
                let detail = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib status \(status)"
                throw .corrupt(detail: detail)
            }
        }
    }

    /// Doubles the buffer, up to one byte more than `limit`: that byte shows that there is more.
    static func growth(_ count: Int, _ limit: Int) -> Int {
        let wanted = count == 0 ? 4096 : count
        return max(1, min(wanted, limit - count + 1))
    }

    /// One call of zlib's `inflate`: reads on in `compressed` and writes on in `output`.
    private static func step(
        _ stream: UnsafeMutablePointer<z_stream>, _ compressed: Span<UInt8>, _ read: inout Int, _ output: inout [UInt8],
        _ written: inout Int
    ) -> Int32 {
        unsafe compressed.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                // zlib counts in 32 bits.
                let given = min(source.count - read, Int(UInt32.max))
                let room = min(target.count - written, Int(UInt32.max))
                // zlib only reads through `next_in`; its declaration lacks the const unless ZLIB_CONST is set. An empty
                // buffer may have no address, and then zlib is given a length of 0.
                unsafe stream.pointee.next_in = source.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + read)
                }
                unsafe stream.pointee.avail_in = UInt32(given)
                unsafe stream.pointee.next_out = target.baseAddress.map { unsafe $0 + written }
                unsafe stream.pointee.avail_out = UInt32(room)
                let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                read += unsafe given - Int(stream.pointee.avail_in)
                written += unsafe room - Int(stream.pointee.avail_out)
                return status
            }
        }
    }
}
