import PromQLSyntax

/// Which parts of a query read series and stand in it more than once: on the same grid they have the same value.
struct RepeatedExpressions {
    /// Longer texts are not compared; the work stays in proportion to the query's length.
    private static let maximumBytes = 2048

    /// By their places; those with the same number are the same.
    private var numbers: [Range<Int>: Int] = [:]

    /// - Parameters:
    ///   - text: the query's; equal texts are equal expressions.
    ///   - totalsOnly: places of selectors that are read in another way than others.
    init(in query: PromQLExpression, _ text: String, totalsOnly: Set<Range<Int>>) {
        var selectors = 0
        query.countSelectors(&selectors)
        guard selectors > 1 else { return }
        var places: [String: [Range<Int>]] = [:]
        Self.collect(query, Array(text.utf8), totalsOnly, &places)
        for (number, same) in places.values.enumerated() where same.count > 1 {
            for place in same { numbers[place] = number }
        }
    }

    var isEmpty: Bool { numbers.isEmpty }

    func number(_ place: Range<Int>) -> Int? { numbers[place] }

    /// True if there are series under the expression whose values it hands on: what is worth keeping.
    @discardableResult
    private static func collect(
        _ expression: PromQLExpression, _ text: [UInt8], _ totalsOnly: Set<Range<Int>>,
        _ places: inout [String: [Range<Int>]]
    ) -> Bool {
        var reads = false
        switch expression.node {
        case .selector, .matrix: reads = true
        default: for child in expression.children where collect(child, text, totalsOnly, &places) { reads = true }
        }
        let isKept =
            switch expression.node {
            case .selector, .call, .aggregation, .binary: expression.type == .instantVector
            default: false
            }
        if reads, isKept, expression.range.count <= maximumBytes {
            var key = String(decoding: text[expression.range.clamped(to: 0..<text.count)], as: UTF8.self)
            expression.describeTotals(totalsOnly, &key)
            places[key, default: []].append(expression.range)
        }
        return reads
    }
}

extension PromQLExpression {
    /// Up to two.
    fileprivate func countSelectors(_ count: inout Int) {
        switch node {
        case .selector, .matrix: count += 1
        default: for child in children where count < 2 { child.countSelectors(&count) }
        }
    }

    /// Appends which of the selectors in it are read without buckets.
    fileprivate func describeTotals(_ totalsOnly: Set<Range<Int>>, _ key: inout String) {
        guard !totalsOnly.isEmpty else { return }
        switch node {
        case .selector, .matrix: key += totalsOnly.contains(range) ? " totals" : " all"
        default: for child in children { child.describeTotals(totalsOnly, &key) }
        }
    }
}
