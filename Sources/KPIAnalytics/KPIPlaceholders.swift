import PromQLSyntax
import TimeSeriesStore

/// What stands for `$window` and `$source` in a definition's PromQL.
struct KPIPlaceholders {
    /// Milliseconds.
    let window: Int64
    let source: String?

    static let sourceLabel = "source_id"

    /// With and without a source: a text that parses with both parses with any.
    static let samples = [
        KPIPlaceholders(window: 3_600_000, source: nil), KPIPlaceholders(window: 3_600_000, source: "a"),
    ]

    func expand(_ text: String) -> String {
        text.replacing("$window", with: PromQLDuration.format(window))
            .replacing("$source", with: source.map { Self.matcher(for: $0).description } ?? "")
    }

    static func matcher(for source: String) -> LabelMatcher { LabelMatcher(sourceLabel, .equal(source)) }
}
