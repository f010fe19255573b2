/// `digits * 10^exponent`: of the decimal numbers with the fewest digits that read back as a given double, the nearest.
struct ShortestDecimal: Equatable {
    /// Below 10^17, not a multiple of ten unless it is 0.
    private(set) var digits: UInt64
    private(set) var exponent: Int

    /// - Parameter value: finite; its sign is left aside.
    ///
    /// Numbers of few decimals take a short way; the others the method of R. Giulietti, "The Schubfach way to render doubles"
    /// (2020), whose names are used here.
    init(_ value: Double) {
        let magnitude = value.magnitude
        // A decimal number of at most 15 digits is the only one of so few that reads back as its double.
        if magnitude < 1e9 {
            let scaled = (magnitude * 1e6).rounded(.toNearestOrEven)
            if scaled < 1e15, scaled / 1e6 == magnitude {
                self.init(digits: UInt64(scaled), exponent: -6)
                removeTrailingZeros()
                return
            }
        }
        self.init(schubfach: magnitude)
        removeTrailingZeros()
    }

    private init(digits: UInt64, exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// For magnitudes above 0.
    private init(schubfach value: Double) {
        let fraction = value.significandBitPattern
        let biased = Int(value.exponentBitPattern)
        let c = biased == 0 ? fraction : fraction | 1 << 52
        let q = max(biased, 1) - 1075
        let isEven = c & 1 == 0
        // Below a power of two, doubles lie twice as close.
        let isLowerCloser = fraction == 0 && biased > 1
        // floor(log10(2^q)), or of 3/4 * 2^q; then floor(log2(10^-k)).
        let k = (q * 1_262_611 - (isLowerCloser ? 524_031 : 0)) >> 22
        let h = q + ((-k * 1_741_647) >> 19) + 1
        let g = PowersOfTen.significand(-k)
        let vbl = ShortestDecimal.roundToOdd(g, (4 &* c &- 2 &+ (isLowerCloser ? 1 : 0)) << UInt64(h))
        let vb = ShortestDecimal.roundToOdd(g, (4 &* c) << UInt64(h))
        let vbr = ShortestDecimal.roundToOdd(g, (4 &* c &+ 2) << UInt64(h))
        let lower = isEven ? vbl : vbl &+ 1
        let upper = isEven ? vbr : vbr &- 1
        let s = vb / 4
        if s >= 10 {
            let shorter = s / 10
            let isDownInside = lower <= 40 &* shorter
            let isUpInside = 40 &* shorter &+ 40 <= upper
            if isDownInside != isUpInside {
                self.init(digits: isUpInside ? shorter + 1 : shorter, exponent: k + 1)
                return
            }
        }
        let isDownInside = lower <= 4 &* s
        let isUpInside = 4 &* s &+ 4 <= upper
        let isUp: Bool
        if isDownInside != isUpInside {
            isUp = isUpInside
        } else {
            let middle = 4 &* s &+ 2
            isUp = vb > middle || vb == middle && s & 1 == 1
        }
        self.init(digits: isUp ? s + 1 : s, exponent: k)
    }

    /// The high 64 bits of the 192-bit product, its last bit set if anything of weight stands below them.
    @inline(__always)
    private static func roundToOdd(_ g: (high: UInt64, low: UInt64), _ factor: UInt64) -> UInt64 {
        let x = g.low.multipliedFullWidth(by: factor).high
        let y = g.high.multipliedFullWidth(by: factor)
        let (low, carries) = y.low.addingReportingOverflow(x)
        return y.high &+ (carries ? 1 : 0) | (low > 1 ? 1 : 0)
    }

    private mutating func removeTrailingZeros() {
        guard digits > 0 else {
            exponent = 0
            return
        }
        while true {
            let (quotient, rest) = digits.quotientAndRemainder(dividingBy: 10)
            guard rest == 0 else { return }
            digits = quotient
            exponent += 1
        }
    }
}
