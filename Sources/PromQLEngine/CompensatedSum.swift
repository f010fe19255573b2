/// A sum with Neumaier's correction (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
/// Summen"): small terms survive beside large ones.
package struct CompensatedSum: Sendable {
    var sum = 0.0
    var correction = 0.0

    package init(sum: Double = 0, correction: Double = 0) {
        self.sum = sum
        self.correction = correction
    }

    package mutating func add(_ value: Double) {
        let total = sum + value
        if total.isInfinite {
            correction = 0
        } else if sum.magnitude >= value.magnitude {
            correction += (sum - total) + value
        } else {
            correction += (value - total) + sum
        }
        sum = total
    }

    mutating func add(_ other: CompensatedSum) {
        add(other.sum)
        if !sum.isInfinite { correction += other.correction }
    }

    package var value: Double { sum + correction }
}

/// The arithmetic mean; if the sum overflows, the mean is carried on instead of the sum.
package struct Mean {
    private var sum = CompensatedSum()
    private var count = 0.0
    private var isIncremental = false

    package init() {}

    package mutating func add(_ value: Double) {
        count += 1
        if !isIncremental {
            var next = sum
            next.add(value)
            if count == 1 || !next.sum.isInfinite {
                sum = next
                return
            }
            isIncremental = true
            sum = CompensatedSum(sum: sum.sum / (count - 1), correction: sum.correction / (count - 1))
        }
        let share = (count - 1) / count
        sum = CompensatedSum(sum: share * sum.sum, correction: share * sum.correction)
        sum.add(value / count)
    }

    package var value: Double { isIncremental ? sum.value : sum.value / count }
}

/// Population variance in one pass (Welford 1962).
struct Variance {
    private var count = 0.0
    private var mean = CompensatedSum()
    private var squares = CompensatedSum()

    mutating func add(_ value: Double) {
        count += 1
        let delta = value - mean.value
        mean.add(delta / count)
        squares.add(delta * (value - mean.value))
    }

    var value: Double { squares.value / count }
}

package enum Quantile {
    /// The `q`-quantile with linear interpolation between neighbours; NaN counts as the smallest value. Reorders
    /// `values`.
    package static func of(_ q: Double, _ values: inout [Double]) -> Double {
        guard !values.isEmpty, !q.isNaN else { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        let numbers = values.partition { !$0.isNaN }
        values[numbers...].sort()
        let rank = q * Double(values.count - 1)
        let lower = Int(rank.rounded(.down))
        let upper = min(values.count - 1, lower + 1)
        let weight = rank - rank.rounded(.down)
        return values[lower] * (1 - weight) + values[upper] * weight
    }
}
