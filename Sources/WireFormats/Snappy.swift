import CSnappy

/// Why a snappy block cannot be read.
package enum SnappyError: Error, Equatable, Sendable, CustomStringConvertible {
    case damaged
    /// It says that it unpacks to more than `limit` bytes.
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .damaged: "The body is not a whole snappy block (the block format, not the framing format)."
        case .tooLarge(let limit):
            "Expected at most \(limit) bytes after decompression, got more. Ask for less at a time."
        }
    }
}

/// The snappy block format (https://github.com/google/snappy/blob/main/format_description.txt), in which Prometheus' remote
/// protocols send their messages, through libsnappy.
package enum Snappy {
    /// The content of one block. Memory: the content, which is known to fit `limit` before any of it is unpacked.
    package static func uncompress(_ block: Span<UInt8>, limit: Int) throws(SnappyError) -> [UInt8] {
        let content: [UInt8]? = try unsafe block.withUnsafeBufferPointer { (source) throws(SnappyError) -> [UInt8]? in
            // libsnappy takes bytes as `char`.
            let bytes = unsafe UnsafeRawPointer(source.baseAddress)?.assumingMemoryBound(to: CChar.self)
            var length = 0
            guard let bytes = unsafe bytes,
                unsafe snappy_uncompressed_length(bytes, source.count, &length) == SNAPPY_OK
            else { throw .damaged }
            guard length <= limit else { throw .tooLarge(limit: limit) }
            let isWhole = unsafe snappy_validate_compressed_buffer(bytes, source.count) == SNAPPY_OK
            guard isWhole else { throw .damaged }
            guard length > 0 else { return [] }
            return unsafe [UInt8](unsafeUninitializedCapacity: length) { target, count in
                count = length
                unsafe target.withMemoryRebound(to: CChar.self) { target in
                    // The block was validated, and the target has the length that it says.
                    unsafe _ = snappy_uncompress(bytes, source.count, target.baseAddress, &count)
                }
            }
        }
        guard let content else { throw .damaged }
        return content
    }

    /// One block with this content.
    package static func compress(_ content: Span<UInt8>) -> [UInt8] {
        unsafe content.withUnsafeBufferPointer { source in
            let bound = snappy_max_compressed_length(source.count)
            return unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
                count = bound
                unsafe target.withMemoryRebound(to: CChar.self) { target in
                    unsafe source.withMemoryRebound(to: CChar.self) { source in
                        // Fails only if the target is smaller than the bound.
                        unsafe _ = snappy_compress(source.baseAddress, source.count, target.baseAddress, &count)
                    }
                }
            }
        }
    }
}

extension ContentDecoding {
    /// The content of one snappy block.
    package static func snappy(_ compressed: Span<UInt8>, limit: Int) throws(ContentDecodingError) -> [UInt8] {
        do throws(SnappyError) {
            return try Snappy.uncompress(compressed, limit: limit)
        } catch {
            switch error {
            case .damaged:
                throw .corrupt(detail: "it is not a whole snappy block (the block format, not the framing format)")
            case .tooLarge(let limit): throw .tooLarge(limit: limit)
            }
        }
    }
}
