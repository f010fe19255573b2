/// Values as integers over a power of ten, in the manner of ALP (Afroozeh, Kuffo, Boncz, "ALP: Adaptive Lossless
/// floating-Point Compression", SIGMOD 2024). Where ALP multiplies by a negative power of ten, this divides by a
/// positive one: division is correctly rounded, so every decimal of up to 15 digits comes back exactly.
///
/// Values that arithmetic left a few units in the last place beside a decimal (0.1 + 0.2) are the decimal plus those
/// units; anything else (NaN, infinities, −0, other patterns) is an exception that holds the whole pattern.
struct DecimalScale {
    let exponent: Int
    /// The values times ten to the exponent, over `factor`.
    private(set) var integers: [Int64]
    private(set) var factor: Int64 = 1
    /// The value's pattern minus that of the decimal; empty if all are zero.
    private(set) var units: [Int64] = []
    private(set) var exceptions = Exceptions()

    static let maximumExponent = 18
    /// More units than this are no rounding error.
    private static let nearUnits: UInt64 = 4
    private static let maximumUnits: UInt64 = 255

    /// Nil if most values are no decimals.
    init?(_ values: Span<Double>) {
        guard var exponent = DecimalScale.exponent(of: values) else { return nil }
        var misses = 0
        var integers = DecimalScale.integers(values, exponent, &misses)
        if misses > 0 {
            // The sample may have missed those with the most digits.
            let better = DecimalScale.exponent(of: values, above: exponent)
            if better > exponent {
                exponent = better
                integers = DecimalScale.integers(values, exponent, &misses)
            }
        }
        self.exponent = exponent
        self.integers = integers
        if misses > 0 {
            correct(values)
            if exceptions.positions.count > values.count / 4 { return nil }
        }
        divideByFactor()
    }

    /// Takes out what all integers have in common: pages and sectors among bytes, the steps of averages over a fixed
    /// number of readings.
    private mutating func divideByFactor() {
        var common: UInt64 = 0
        for index in integers.indices {
            let integer = integers[index].magnitude
            if common != 0, integer % common == 0 { continue }
            common = DecimalScale.greatestCommonDivisor(common, integer)
            if common == 1 { return }
        }
        // Zero if there are only exceptions and zeros. Integers are below 2^53.
        guard common > 1 else { return }
        factor = Int64(common)
        for index in integers.indices { integers[index] /= factor }
    }

    static func greatestCommonDivisor(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var (larger, smaller) = one > other ? (one, other) : (other, one)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }

    var isClean: Bool { units.isEmpty && exceptions.positions.isEmpty }

    private static func integers(_ values: Span<Double>, _ exponent: Int, _ misses: inout Int) -> [Int64] {
        var found = 0
        let integers = [Int64](capacity: values.count) { output in
            found = SampleLoops.appendIntegers(values, scale: SampleLoops.powersOfTen[exponent], to: &output)
        }
        misses = found
        return integers
    }

    /// Value by value, what the fast pass could not do.
    private mutating func correct(_ values: Span<Double>) {
        var units = [Int64](repeating: 0, count: values.count)
        var hasUnits = false
        var previous: Int64 = 0
        for index in 0..<values.count {
            let value = values[index]
            if let near = DecimalScale.near(value, exponent), near.units.magnitude <= DecimalScale.maximumUnits {
                integers[index] = near.integer
                units[index] = near.units
                if near.units != 0 { hasUnits = true }
            } else {
                exceptions.positions.append(Int64(index))
                exceptions.payloads.append(Int64(bitPattern: value.bitPattern))
                // Costs the least bits in most models.
                integers[index] = previous
            }
            previous = integers[index]
        }
        if hasUnits { self.units = units }
    }

    /// The integer nearest to the value times ten to the exponent, and how many patterns the value lies above the
    /// integer's quotient; nil if there is no such integer below 2^53.
    private static func near(_ value: Double, _ exponent: Int) -> (integer: Int64, units: Int64)? {
        let scale = SampleLoops.powersOfTen[exponent]
        let scaled = value * scale
        guard abs(scaled) < 0x1p53 else { return nil }
        let integer = Int64(scaled + (scaled < 0 ? -0.5 : 0.5))
        let back = Double(integer) / scale
        return (integer, Int64(bitPattern: value.bitPattern &- back.bitPattern))
    }

    /// The fewest decimal places at which the value is a decimal; a near one of few digits counts.
    private static func places(_ value: Double, from lowest: Int) -> Int? {
        guard value.isFinite else { return nil }
        var exponent = lowest
        while exponent <= maximumExponent {
            guard let near = near(value, exponent) else { return nil }
            // Of 16 digits and more, any pattern is a decimal; it packs as well as a pattern.
            if near.integer.magnitude >= 1 << 50 { return nil }
            if near.units == 0 { return exponent }
            if near.units.magnitude <= nearUnits, near.integer.magnitude < 1 << 46 { return exponent }
            exponent += 1
        }
        return nil
    }

    /// The decimal places that pack a sample of the values best; nil if most are no decimals.
    private static func exponent(of values: Span<Double>) -> Int? {
        var counts = InlineArray<19, Int>(repeating: 0)
        var total = 0
        var found = 0
        var finite = 0
        let stride = max(1, values.count / 32)
        var index = values.count - 1
        var usual = 0
        while index >= 0 {
            let value = values[index]
            if value.isFinite { finite += 1 }
            // Most values of a series have as many places as the last one, or fewer.
            if usual > 0, let near = near(value, usual), near.units == 0 {
                counts[usual] += 1
                found += 1
            } else if let places = places(value, from: 0) {
                counts[places] += 1
                found += 1
                usual = max(usual, places)
            }
            total += 1
            if total == 8, found <= 2, finite > 4 { return nil }
            index -= stride
        }
        guard found * 2 >= max(finite, 1) else { return nil }
        // A digit more costs all values 3.3 bits; a value that needs more digits than there are costs 80.
        var best = 0
        var bestCost = Int.max
        var within = 0
        for exponent in 0...maximumExponent where counts[exponent] > 0 || exponent == 0 {
            within += counts[exponent]
            let cost = total * exponent * 10 / 3 + (found - within) * 80
            if cost < bestCost {
                best = exponent
                bestCost = cost
            }
        }
        return best
    }

    /// The decimal places from `exponent` on that pack the values best, by those that are no decimals there.
    private static func exponent(of values: Span<Double>, above exponent: Int) -> Int {
        var counts = [Int](repeating: 0, count: maximumExponent + 1)
        var missed = 0
        // Non-decimals cost the most time here, and change nothing.
        var hopeless = 0
        for index in 0..<values.count where hopeless < 64 {
            let value = values[index]
            guard let near = near(value, exponent), near.units.magnitude > nearUnits else { continue }
            missed += 1
            if let places = places(value, from: exponent + 1) { counts[places] += 1 } else { hopeless += 1 }
        }
        var best = exponent
        var bestCost = missed * 80
        var left = missed
        for higher in exponent...maximumExponent where counts[higher] > 0 {
            left -= counts[higher]
            let cost = left * 80 + values.count * (higher - exponent) * 10 / 3
            if cost < bestCost {
                best = higher
                bestCost = cost
            }
        }
        return best
    }
}
