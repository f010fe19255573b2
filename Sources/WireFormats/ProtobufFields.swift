/// Goes over the fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/) where they lie, for the hot
/// path: the bytes are handed in at each step, and nothing is copied. `ProtobufReader` is the comfortable one.
struct ProtobufFields {
    /// A field's number and wire type: `number << 3 | type`.
    struct Key: Equatable {
        let rawValue: UInt64

        var number: UInt64 { rawValue >> 3 }

        static func varint(_ number: UInt64) -> Key { Key(rawValue: number << 3) }
        static func fixed64(_ number: UInt64) -> Key { Key(rawValue: number << 3 | 1) }
        static func bytes(_ number: UInt64) -> Key { Key(rawValue: number << 3 | 2) }
    }

    private(set) var offset: Int
    let end: Int

    init(_ range: ByteRange) {
        offset = range.start
        end = range.end
    }

    var isAtEnd: Bool { offset >= end }

    @inline(__always)
    mutating func key(_ bytes: Span<UInt8>) throws(ProtobufError) -> Key {
        let start = offset
        let key = Key(rawValue: try varint(bytes))
        guard key.number > 0, key.number < 1 << 29 else { throw error("a field number from 1 to 2^29 - 1", at: start) }
        return key
    }

    @inline(__always)
    mutating func varint(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
        if offset < end, bytes[offset] < 0x80 {
            defer { offset &+= 1 }
            return UInt64(bytes[offset])
        }
        return try longVarint(bytes)
    }

    private mutating func longVarint(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard offset < end else { throw error("the rest of a number", at: offset) }
            let byte = bytes[offset]
            offset &+= 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw error("a number of at most 64 bits", at: offset)
    }

    mutating func signed(_ bytes: Span<UInt8>) throws(ProtobufError) -> Int64 {
        Int64(bitPattern: try varint(bytes))
    }

    /// `sint32` and `sint64`: small magnitudes of either sign are short.
    mutating func zigzag(_ bytes: Span<UInt8>) throws(ProtobufError) -> Int64 {
        let value = try varint(bytes)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    @inline(__always)
    mutating func double(_ bytes: Span<UInt8>) throws(ProtobufError) -> Double {
        Double(bitPattern: try fixed64(bytes))
    }

    @inline(__always)
    mutating func fixed64(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
        guard end &- offset >= 8 else { throw error("8 bytes of a number", at: offset) }
        defer { offset &+= 8 }
        return bytes.word(at: offset)
    }

    /// The content of a string, of bytes, of a message or of packed numbers.
    @inline(__always)
    mutating func bytes(_ bytes: Span<UInt8>) throws(ProtobufError) -> ByteRange {
        let start = offset
        let length = try varint(bytes)
        guard length <= UInt64(end &- offset) else { throw error("\(length) bytes that are there", at: start) }
        let range = ByteRange(start: offset, end: offset &+ Int(length))
        offset = range.end
        return range
    }

    /// Passes over a field that nobody asks for.
    mutating func skip(_ key: Key, _ bytes: Span<UInt8>) throws(ProtobufError) {
        switch key.rawValue & 7 {
        case 0: _ = try varint(bytes)
        case 1: _ = try double(bytes)
        case 2: _ = try self.bytes(bytes)
        case 5:
            guard end - offset >= 4 else { throw error("4 bytes of a number", at: offset) }
            offset += 4
        default: throw error("a wire type of 0, 1, 2 or 5", at: offset)
        }
    }

    /// Fields 1 and 2 of a message of two texts or messages, as labels and attributes are.
    static func pair(
        _ range: ByteRange, _ bytes: Span<UInt8>
    ) throws(ProtobufError) -> (name: ByteRange, value: ByteRange) {
        var fields = ProtobufFields(range)
        var (name, value) = (ByteRange.absent, ByteRange.absent)
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            switch key {
            case .bytes(1): name = try fields.bytes(bytes)
            case .bytes(2): value = try fields.bytes(bytes)
            default: try fields.skip(key, bytes)
            }
        }
        return (name, value)
    }

    private func error(_ expected: String, at offset: Int) -> ProtobufError {
        ProtobufError(offset: offset, reason: "expected \(expected)")
    }
}
