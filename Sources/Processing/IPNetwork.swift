#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A network of IPv4 or IPv6 addresses, or one address, in CIDR notation (RFC 4632, RFC 4291 section 2.3).
struct IPNetwork: Hashable, Sendable {
    enum Family: Hashable, Sendable { case v4, v6 }

    struct Mask: Hashable, Sendable {
        let family: Family
        /// Leading bits that the addresses share.
        let bits: Int
    }

    /// The address with zeros behind the mask; 4 or 16 bytes in network order.
    private let bytes: [UInt8]
    let mask: Mask

    /// Nil if the text is neither an address nor a network.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let (family, bytes) = IPNetwork.address(String(first)) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]), given <= bits
            else {
                return nil
            }
            bits = given
        }
        self.init(bytes: bytes, mask: Mask(family: family, bits: bits))
    }

    private init(bytes: [UInt8], mask: Mask) {
        self.bytes = bytes.enumerated().map { index, byte in
            let kept = min(8, max(0, mask.bits - index * 8))
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
        self.mask = mask
    }

    /// The network of so many leading bits that this one lies in.
    func narrowed(to bits: Int) -> IPNetwork {
        IPNetwork(bytes: bytes, mask: Mask(family: mask.family, bits: min(bits, mask.bits)))
    }

    private static func address(_ text: String) -> (Family, [UInt8])? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return (.v4, withUnsafeBytes(of: v4) { Array($0) }) }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, text, &v6) == 1 { return (.v6, withUnsafeBytes(of: v6) { Array($0) }) }
        return nil
    }
}
