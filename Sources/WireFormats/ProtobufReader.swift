/// Bytes that are no protobuf message, or not the expected one.
package struct ProtobufError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In the message that was read.
    package let offset: Int
    package let reason: String

    package var description: String { "The body is not the expected protobuf message: \(reason) at byte \(offset)." }
}

/// Reads the fields of a protobuf message one by one (https://protobuf.dev/programming-guides/encoding/). The caller knows
/// the schema; fields that it does not ask for are passed over.
package struct ProtobufReader: Sendable {
    package enum Value: Equatable, Sendable {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// A string, bytes, a message or packed numbers, as a range of the bytes read from.
        case bytes(Range<Int>)
    }

    package let bytes: [UInt8]
    private var offset: Int
    private let end: Int

    /// - Parameter range: the message's; all bytes if there is none.
    package init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        offset = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The next field, nil at the end.
    package mutating func next() throws(ProtobufError) -> (number: Int, value: Value)? {
        guard offset < end else { return nil }
        let start = offset
        let key = try varint()
        let number = Int(truncatingIfNeeded: key >> 3)
        guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw error("a field number from 1 to 2^29 - 1", at: start) }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - offset) else { throw error("\(length) bytes that are there", at: start) }
            let range = offset..<offset + Int(length)
            offset = range.upperBound
            return (number, .bytes(range))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw error("a wire type of 0, 1, 2 or 5", at: start)
        }
    }

    /// At most 64 bits, in groups of seven, the least significant first.
    package mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard offset < end else { throw error("the rest of a number", at: offset) }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw error("a number of at most 64 bits", at: offset)
    }

    package var isAtEnd: Bool { offset >= end }

    private mutating func fixed(_ length: Int) throws(ProtobufError) -> UInt64 {
        guard end - offset >= length else { throw error("\(length) bytes of a number", at: offset) }
        var value: UInt64 = 0
        for index in 0..<length { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += length
        return value
    }

    /// The text in these bytes.
    package func string(_ range: Range<Int>) throws(ProtobufError) -> String {
        guard let string = String(validating: bytes[range], as: UTF8.self) else {
            throw error("text in UTF-8", at: range.lowerBound)
        }
        return string
    }

    private func error(_ expected: String, at offset: Int) -> ProtobufError {
        ProtobufError(offset: offset, reason: "expected \(expected)")
    }
}
