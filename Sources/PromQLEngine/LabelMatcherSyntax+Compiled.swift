import LabelPattern
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension [LabelMatcherSyntax] {
    /// Patterns compiled; a selector that every series would satisfy is refused.
    func compiled(in query: String) throws(PromQLError) -> [LabelMatcher] {
        var matchers: [LabelMatcher] = []
        for matcher in self { matchers.append(try matcher.compiled(in: query)) }
        if matchers.allSatisfy(\.acceptsMissing), let first, let last {
            throw PromQLError(
                PromQLSyntaxError(
                    "a vector selector needs at least one matcher that does not accept the empty value",
                    at: first.range.lowerBound..<Swift.max(first.range.lowerBound, last.range.upperBound), in: query))
        }
        return matchers
    }
}

extension LabelMatcherSyntax {
    func compiled(in query: String) throws(PromQLError) -> LabelMatcher {
        switch `operator` {
        case .equal: LabelMatcher(name, .equal(value))
        case .notEqual: LabelMatcher(name, .notEqual(value))
        case .matches: LabelMatcher(name, .matches(try pattern(in: query)))
        case .doesNotMatch: LabelMatcher(name, .doesNotMatch(try pattern(in: query)))
        }
    }

    private func pattern(in query: String) throws(PromQLError) -> LabelPattern {
        do {
            return try LabelPattern(value)
        } catch {
            throw PromQLError(
                PromQLSyntaxError("invalid regular expression \(value.promQLQuoted): \(error)", at: range, in: query))
        }
    }
}
