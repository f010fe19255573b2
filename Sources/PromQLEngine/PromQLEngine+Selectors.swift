import PromQLSyntax
package import TimeSeriesStore

extension PromQLEngine {
    /// The matchers of each selector in a query, in the order of the text; metric names are among them. Offsets, `@` and ranges do
    /// not matter. Throws `PromQLError`.
    package static func selectors(in query: String) throws -> [[LabelMatcher]] {
        let expression: PromQLExpression
        do {
            expression = try PromQLParser.parse(query)
        } catch {
            throw PromQLError(error)
        }
        var selectors: [[LabelMatcher]] = []
        try expression.collectSelectors(in: query, into: &selectors, mayMatchAll: false)
        return selectors
    }
}

extension PromQLExpression {
    /// - Parameter mayMatchAll: whether a selector may be one that every series satisfies, as that of `info` may.
    fileprivate func collectSelectors(
        in query: String, into selectors: inout [[LabelMatcher]], mayMatchAll: Bool
    ) throws(PromQLError) {
        switch node {
        case .selector(let selector), .matrix(let selector, _):
            if mayMatchAll {
                var matchers: [LabelMatcher] = []
                for matcher in selector.matchers { matchers.append(try matcher.compiled(in: query)) }
                selectors.append(matchers)
            } else {
                selectors.append(try selector.matchers.compiled(in: query))
            }
        case .call(let function, let arguments):
            for (index, argument) in arguments.enumerated() {
                try argument.collectSelectors(
                    in: query, into: &selectors, mayMatchAll: function == .info && index == 1)
            }
        default: for child in children { try child.collectSelectors(in: query, into: &selectors, mayMatchAll: false) }
        }
    }
}
