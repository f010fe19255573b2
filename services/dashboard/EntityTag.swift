import NIOCore

/// A strong entity tag (RFC 9110 §8.8.3) made from content: equal bytes, equal tag.
struct EntityTag: Sendable, Equatable {
    /// 16 lowercase hexadecimal digits.
    let digits: String

    /// 64-bit FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): it tells versions of our own files apart and
    /// defends against nobody.
    init(of bytes: some Sequence<UInt8>) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let text = String(hash, radix: 16)
        digits = String(repeating: "0", count: 16 - text.count) + text
    }

    /// As it stands in an `ETag` header, with its quotes.
    var header: String { "\"\(digits)\"" }

    /// Whether an `If-None-Match` value names this tag, compared weakly as RFC 9110 §13.1.2 asks.
    func isNamed(by condition: String) -> Bool {
        condition.split(separator: ",").contains { part in
            var tag = part.drop { $0 == " " || $0 == "\t" }
            while let last = tag.last, last == " " || last == "\t" { tag.removeLast() }
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            return tag == "*" || tag == header
        }
    }
}
