/// A keyed 64-bit hash over the raw bytes that name a series, in the manner of wyhash (Wang Yi,
/// https://github.com/wangyi-fudan/wyhash): sixteen bytes a step, folded by a 64 × 64 → 128 bit multiplication.
///
/// The key is drawn anew in every process, so a client cannot choose series that collide. Equal hashes prove nothing:
/// `RawSeriesCache` compares the bytes.
struct RawSeriesHash {
    private let keys: (UInt64, UInt64, UInt64)

    init(using generator: inout some RandomNumberGenerator) {
        keys = (generator.next(), generator.next(), generator.next())
    }

    /// `lengths` are the key's packed lengths; with them no two different series feed the hash the same words.
    @inline(__always)
    func hash(_ bytes: Span<UInt8>, _ key: some RawSeriesKey, lengths: UInt64) -> UInt64 {
        var state = Self.fold(lengths ^ keys.0, keys.2)
        _ = key.stretchesSatisfy { stretch in
            state = mix(state, bytes, stretch)
            return true
        }
        return Self.fold(state ^ keys.1, keys.2)
    }

    @inline(__always)
    private func mix(_ state: UInt64, _ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
        guard !range.isEmpty else { return state }
        var state = state
        var index = range.start
        while index &+ 16 <= range.end {
            state = Self.fold(bytes.word(at: index) ^ keys.0, bytes.word(at: index &+ 8) ^ state)
            index &+= 16
        }
        let rest = range.end &- index
        let first = bytes.word(at: index, length: min(rest, 8))
        let second = rest > 8 ? bytes.word(at: index &+ 8, length: rest &- 8) : 0
        return Self.fold(first ^ keys.1, second ^ state)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
