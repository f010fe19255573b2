import PromQLEngine
package import TimeSeriesStore

extension RequestParameters {
    /// Every `match[]`, a selector in PromQL's syntax.
    package func matcherLists() throws -> [[LabelMatcher]] {
        try texts("match[]").map { try RequestParameters.matchers("match[]", $0) }
    }

    /// One selector, or nil.
    package func matchers(_ name: String) throws -> [LabelMatcher]? {
        guard let text = text(name), !text.isEmpty else { return nil }
        return try RequestParameters.matchers(name, text)
    }

    private static func matchers(_ name: String, _ text: String) throws -> [LabelMatcher] {
        do {
            return try PromQLEngine.matchers(text)
        } catch {
            throw APIError.invalid(name, "\(error)")
        }
    }
}
