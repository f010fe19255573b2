/// How many observations there are in a place of a histogram, while histograms are put together: a plain number, or one
/// that keeps what rounding lost.
protocol BucketCell: Sendable {
    init(_ count: Double)
    /// The number that it stands for.
    var total: Double { get }
    /// The sum grew beyond what a `Double` can be.
    var isOverflown: Bool { get }
    mutating func add(_ other: Self)
    mutating func multiply(by factor: Double)
    mutating func divide(by divisor: Double)
}

extension Double: BucketCell {
    var total: Double { self }
    var isOverflown: Bool { isInfinite }
    mutating func add(_ other: Double) { self += other }
    mutating func multiply(by factor: Double) { self *= factor }
    mutating func divide(by divisor: Double) { self /= divisor }
}

/// A sum beside the error of its additions, each computed with Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2,
/// theorem B), so that small terms survive beside large ones.
struct CompensatedCell: BucketCell {
    private var sum: Double
    private var correction = 0.0

    init(_ count: Double) { sum = count }

    var total: Double { sum + correction }
    var isOverflown: Bool { sum.isInfinite }

    mutating func add(_ other: CompensatedCell) {
        let total = sum + other.sum
        if total.isInfinite {
            // The error of an overflow is no number that could be added back.
            correction = 0
        } else {
            let added = total - sum
            correction += (sum - (total - added)) + (other.sum - added) + other.correction
        }
        sum = total
    }

    mutating func multiply(by factor: Double) {
        sum *= factor
        correction *= factor
    }

    mutating func divide(by divisor: Double) {
        sum /= divisor
        correction /= divisor
    }
}
