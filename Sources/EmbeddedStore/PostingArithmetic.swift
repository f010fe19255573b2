/// Set operations on ascending lists of numbers.
enum PostingArithmetic {
    /// O(a + b); with lists of very different lengths, O(short · log long).
    static func intersection<Number: BinaryInteger>(_ a: [Number], _ b: [Number]) -> [Number] {
        let (short, long) = a.count <= b.count ? (a, b) : (b, a)
        if short.count * 16 < long.count {
            return short.filter { number in
                let index = long.partitioningIndex { $0 >= number }
                return index < long.count && long[index] == number
            }
        }
        var result: [Number] = []
        result.reserveCapacity(short.count)
        var i = 0
        var j = 0
        while i < short.count, j < long.count {
            if short[i] == long[j] { result.append(short[i]) }
            let next = short[i]
            if next <= long[j] { i += 1 }
            if long[j] <= next { j += 1 }
        }
        return result
    }

    /// What is in `a` and not in `b`. O(a + b).
    static func difference<Number: BinaryInteger>(_ a: [Number], _ b: [Number]) -> [Number] {
        var j = 0
        return a.filter { number in
            while j < b.count, b[j] < number { j += 1 }
            return j == b.count || b[j] != number
        }
    }

    /// Everything that is in some list; all numbers are from 0 and below `bound`. O(sum of lengths + bound) for large results.
    static func union<Number: BinaryInteger>(_ lists: [[Number]], below bound: Int) -> [Number] {
        guard lists.count > 1 else { return lists.first ?? [] }
        let total = lists.reduce(0) { $0 + $1.count }
        if total * 8 < bound { return Array(Set(lists.joined())).sorted() }
        var isIn = [Bool](repeating: false, count: bound)
        for list in lists { for number in list { isIn[Int(number)] = true } }
        return (0..<bound).compactMap { isIn[$0] ? Number($0) : nil }
    }
}
