import PromQLSyntax

/// A query and a moment at which it must give what the script expects.
struct InstantVariant: Equatable, CustomStringConvertible {
    let query: String
    /// Milliseconds.
    let time: Int64

    var description: String { "\(query) at \(time) ms" }

    /// False for what asks for the step, the range, the start or the end of the query: that differs in a range query.
    var hasSameValueInRange: Bool {
        guard let expression = try? PromQLParser.parse(query),
            let instant = try? expression.resolvingDurations(step: 0, range: 0, in: query),
            let range = try? expression.resolvingDurations(step: 60_000, range: 120_000, in: query)
        else { return false }
        return instant.description == range.description && !expression.asksForTheQuery
    }

    /// The query with every selector pinned to `time`, at other times: the result may not depend on those. Empty for what
    /// asks for the time by itself.
    static func pinned(_ query: String, at time: Int64) -> [InstantVariant] {
        // Printed once, so that what is pinned is the canonical text.
        guard let expression = try? PromQLParser.parse(query), !expression.asksForTheTime,
            let canonical = try? PromQLParser.parse(expression.description)
        else { return [] }
        var text = Array(expression.description.utf8)
        let sign = time < 0 ? "-" : ""
        let thousandths = String(time.magnitude % 1000 + 1000).dropFirst()
        let anchor = " @ \(sign)\(time.magnitude / 1000).\(thousandths)"
        // From the back, so that the places in front stay where they are.
        for place in canonical.unpinnedPlaces.sorted(by: >) { text.insert(contentsOf: anchor.utf8, at: place) }
        let pinned = String(decoding: text, as: UTF8.self)
        let times = time == 0 ? [-1000, 0, 1000] : [time &* -10, 0, time / 5, time, time &* 10]
        return times.map { InstantVariant(query: pinned, time: $0) }
    }
}

extension PromQLExpression {
    fileprivate var asksForTheTime: Bool {
        if case .call(let function, _) = node, function.asksForTheTime { return true }
        return children.contains(where: \.asksForTheTime)
    }

    fileprivate var asksForTheQuery: Bool {
        let anchor: TimeShift.Anchor?
        switch node {
        case .call(let function, _) where function.asksForTheQuery: return true
        case .selector(let selector), .matrix(let selector, _): anchor = selector.shift.anchor
        case .subquery(let subquery): anchor = subquery.shift.anchor
        default: anchor = nil
        }
        return anchor == .queryStart || anchor == .queryEnd || children.contains(where: \.asksForTheQuery)
    }

    /// Ends (UTF-8) of selectors and outermost subqueries without an `@` that have none around them either.
    fileprivate var unpinnedPlaces: [Int] {
        switch node {
        case .selector(let selector), .matrix(let selector, _):
            selector.shift.anchor == nil ? [range.upperBound] : []
        case .subquery(let subquery): subquery.shift.anchor == nil ? [range.upperBound] : []
        // The second argument says which labels are wanted, not when.
        case .call(.info, let arguments): arguments.first?.unpinnedPlaces ?? []
        default: children.flatMap(\.unpinnedPlaces)
        }
    }
}

extension PromQLFunction {
    /// The value may change with the time although the arguments do not.
    fileprivate var asksForTheTime: Bool {
        switch self {
        case .time, .timestamp, .predictLinear, .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute,
            .month, .year:
            true
        default: asksForTheQuery
        }
    }

    fileprivate var asksForTheQuery: Bool {
        switch self {
        case .start, .end, .step, .range: true
        default: false
        }
    }
}
