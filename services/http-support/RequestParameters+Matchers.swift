import PromQLEngine
package import TimeSeriesStore

extension RequestParameters {
    /// Every `match[]`, a selector in PromQL's syntax.
    package func matcherLists() throws -> [[LabelMatcher]] {
        try texts("match[]").map { text in
            do {
                return try PromQLEngine.matchers(text)
            } catch {
                throw APIError.invalid("match[]", "\(error)")
            }
        }
    }
}
