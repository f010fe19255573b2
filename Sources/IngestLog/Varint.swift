/// LEB128 variable-length integers, as in Protocol Buffers' wire format; signed ones zigzag-coded.
extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func appendZigzag(_ value: Int64) {
        appendVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }
}

/// Reads what the extension above wrote, from a position that moves; every read checks the bound.
struct VarintReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func varint(_ what: StaticString) throws(LogCorruption) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw LogCorruption(position: position, expected: "a varint (\(what))")
    }

    mutating func zigzag(_ what: StaticString) throws(LogCorruption) -> Int64 {
        let raw = try varint(what)
        return Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))
    }

    mutating func count(_ what: StaticString) throws(LogCorruption) -> Int {
        let raw = try varint(what)
        // No count can exceed the bytes that follow it by more than a payload can hold; this bounds allocations.
        guard raw <= UInt64(bytes.count) else {
            throw LogCorruption(position: position, expected: "a count (\(what)) within the payload's size")
        }
        return Int(raw)
    }

    mutating func fixed64(_ what: StaticString) throws(LogCorruption) -> UInt64 {
        guard bytes.count - position >= 8 else {
            throw LogCorruption(position: position, expected: "8 bytes (\(what))")
        }
        var value: UInt64 = 0
        for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << (8 * UInt64(offset)) }
        position += 8
        return value
    }

    mutating func slice(_ length: Int, _ what: StaticString) throws(LogCorruption) -> ArraySlice<UInt8> {
        guard length >= 0, bytes.count - position >= length else {
            throw LogCorruption(position: position, expected: "\(length) bytes (\(what))")
        }
        defer { position += length }
        return bytes[position..<position + length]
    }
}

/// A batch's payload is not what was written: a damaged file, or one from another version.
package struct LogCorruption: Error, CustomStringConvertible, Equatable {
    /// Byte position within the payload.
    package let position: Int
    package let expected: String

    package var description: String { "damaged log payload: expected \(expected) at byte \(position)" }
}
