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
}

extension Int64 {
    var zigzag: UInt64 { UInt64(bitPattern: (self << 1) ^ (self >> 63)) }

    init(zigzag raw: UInt64) { self = Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1))) }
}

/// Reads from a position that moves; every read checks the bound. Valid as long as the bytes are.
struct VarintReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte(_ what: StaticString) throws(LogCorruption) -> UInt8 {
        guard position < bytes.count else {
            throw LogCorruption(position: position, expected: "a byte (\(what))")
        }
        defer { position += 1 }
        return bytes[position]
    }

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

    mutating func zigzag(_ what: StaticString) throws(LogCorruption) -> Int64 { Int64(zigzag: try varint(what)) }

    mutating func count(_ what: StaticString) throws(LogCorruption) -> Int {
        let raw = try varint(what)
        // No count can exceed the bytes that follow it by more than a payload can hold; this bounds allocations.
        guard raw <= UInt64(bytes.count) else {
            throw LogCorruption(position: position, expected: "a count (\(what)) within the payload's size")
        }
        return Int(raw)
    }

    mutating func fixed64(_ what: StaticString) throws(LogCorruption) -> UInt64 {
        let slice = try slice(8, what)
        return UInt64(littleEndian: slice.loadUnaligned(as: UInt64.self))
    }

    mutating func slice(_ length: Int, _ what: StaticString) throws(LogCorruption) -> UnsafeRawBufferPointer {
        guard length >= 0, bytes.count - position >= length else {
            throw LogCorruption(position: position, expected: "\(length) bytes (\(what))")
        }
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
    }
}

/// A batch's payload is not what was written: a damaged file, or one from another version.
package struct LogCorruption: Error, CustomStringConvertible, Equatable {
    /// Byte position within the payload.
    package let position: Int
    package let expected: String

    package var description: String { "damaged log payload: expected \(expected) at byte \(position)" }
}
