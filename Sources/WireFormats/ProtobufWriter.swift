/// Writes protobuf messages field by field (https://protobuf.dev/programming-guides/encoding/). Fields with their default
/// value are left out by the caller, as proto3 does.
package struct ProtobufWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func varint(_ number: Int, _ value: UInt64) {
        key(number, 0)
        append(varint: value)
    }

    /// `int64`: two's complement.
    package mutating func int64(_ number: Int, _ value: Int64) { varint(number, UInt64(bitPattern: value)) }

    /// `sint32`: zigzag.
    package mutating func sint32(_ number: Int, _ value: Int32) {
        varint(number, UInt64(UInt32(bitPattern: value << 1 ^ value >> 31)))
    }

    package mutating func double(_ number: Int, _ value: Double) {
        key(number, 1)
        append(fixed: value)
    }

    package mutating func string(_ number: Int, _ text: String) {
        key(number, 2)
        append(varint: UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func bytes(_ number: Int, _ content: [UInt8]) {
        key(number, 2)
        append(varint: UInt64(content.count))
        bytes += content
    }

    /// Fields that are encoded already.
    package mutating func append(_ fields: [UInt8]) { bytes += fields }

    /// In place: only what lies behind a length of more than one byte moves once it is known.
    package mutating func message<Failure>(
        _ number: Int, _ fill: (inout ProtobufWriter) throws(Failure) -> Void
    ) throws(Failure) {
        key(number, 2)
        let start = bytes.count
        bytes.append(0)
        try fill(&self)
        let length = bytes.count - start - 1
        guard length >= 0x80 else {
            bytes[start] = UInt8(length)
            return
        }
        var prefix = ProtobufWriter()
        prefix.append(varint: UInt64(length))
        bytes.replaceSubrange(start...start, with: prefix.bytes)
    }

    /// `repeated double`, packed.
    package mutating func doubles(_ number: Int, _ values: [Double]) {
        guard !values.isEmpty else { return }
        key(number, 2)
        append(varint: UInt64(values.count * 8))
        for value in values { append(fixed: value) }
    }

    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func append(fixed value: Double) {
        let bits = value.bitPattern
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    private mutating func key(_ number: Int, _ wireType: UInt64) { append(varint: UInt64(number) << 3 | wireType) }
}
