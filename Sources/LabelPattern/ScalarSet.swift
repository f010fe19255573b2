/// A set of Unicode scalar values as sorted, disjoint, non-adjacent ranges. Surrogates may be in it and mean nothing.
struct ScalarSet: Hashable, Sendable {
    static let highestScalar: UInt32 = 0x10FFFF
    static let all = ScalarSet([0...highestScalar])
    static let newline = ScalarSet([0x0A...0x0A])
    static let digits = ScalarSet([0x30...0x39])
    /// `\s`: no vertical tab, as in Perl and RE2.
    static let whitespace = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let wordCharacters = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])

    let ranges: [ClosedRange<UInt32>]

    /// The union of ranges in any order.
    init(_ unsorted: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    init(_ scalar: UInt32) {
        ranges = [scalar...scalar]
    }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= ScalarSet.highestScalar { gaps.append(next...ScalarSet.highestScalar) }
        return ScalarSet(gaps)
    }

    var isASCII: Bool { ranges.last.map { $0.upperBound < 0x80 } ?? true }

    /// How many scalars there are.
    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// O(log ranges).
    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }
}
