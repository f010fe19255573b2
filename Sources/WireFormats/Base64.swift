/// Bytes as text (RFC 4648).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// With the alphabet of section 4, padded.
    static func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((range.count + 2) / 3 * 4)
        var index = range.start
        while index < range.end {
            let rest = min(3, range.end - index)
            var group: UInt32 = 0
            for place in 0..<3 { group = group << 8 | (place < rest ? UInt32(bytes[index + place]) : 0) }
            for place in 0..<4 {
                out.append(place <= rest ? alphabet[Int(group >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil for a text that is none. Both alphabets, of sections 4 and 5, with padding or without.
    package static func bytes(_ text: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var (group, bits) = (UInt32(0), 0)
        var digits = text[...]
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        for byte in digits {
            let digit: UInt8
            switch byte {
            case 0x41...0x5A: digit = byte - 0x41
            case 0x61...0x7A: digit = byte - 0x61 + 26
            case 0x30...0x39: digit = byte - 0x30 + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): digit = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): digit = 63
            default: return nil
            }
            group = (group << 6 | UInt32(digit)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return out
    }
}
